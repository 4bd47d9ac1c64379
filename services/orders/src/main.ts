import { runProcess } from '@gatehouse/process/run-process'
import { readConfig } from './config.ts'
import { startOrders } from './start.ts'

void runProcess(async () => startOrders(readConfig(process.env)), { onHangup: 'reload' })
