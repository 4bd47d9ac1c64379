import { runProcess } from '@gatehouse/room/run-process'
import { readConfig } from './config.ts'
import { startOrders } from './start.ts'

await runProcess(async () => startOrders(readConfig(process.env)))
