import { runProcess } from '@gatehouse/room/run-process'
import { readConfig } from './config.ts'
import { startAuth } from './start.ts'

await runProcess(async () => startAuth(readConfig(process.env)))
