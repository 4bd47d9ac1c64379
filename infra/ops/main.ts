import { existsSync } from 'node:fs'
import { runCommand } from './run-command.ts'

// What is in the environment wins over the file.
if (existsSync('.env')) process.loadEnvFile('.env')

process.exitCode = await runCommand(process.argv.slice(2), process.env, process)
