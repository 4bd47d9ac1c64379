import { runProcess } from '@gatehouse/process/run-process'
import { readConfig } from './config.ts'
import { startGateway } from './start.ts'

void runProcess(async () => startGateway(readConfig(process.env), null), { onHangup: 'reload' })
