import { runProcess } from '@gatehouse/process/run-process'
import { readConfig } from './config.ts'
import { startEcho } from './start.ts'

void runProcess(async () => startEcho(readConfig(process.env)), { onHangup: 'reload' })
