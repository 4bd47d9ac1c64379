#!/usr/bin/env node
import { runCommand } from './command-line.ts'

const { code, text } = await runCommand(process.argv.slice(2), process.env)
const stream = code === 2 ? process.stderr : process.stdout
stream.write(text)
process.exitCode = code
