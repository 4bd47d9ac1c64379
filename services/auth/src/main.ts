import { runProcess } from '@gatehouse/process/run-process'
import { readConfig } from './config.ts'
import { startAuth } from './start.ts'

void runProcess(async () => startAuth(readConfig(process.env)), { onHangup: 'reload' })
