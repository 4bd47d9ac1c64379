import { runProcess } from '@gatehouse/room/run-process'
import { readConfig } from './config.ts'
import { startGateway } from './start.ts'

await runProcess(async () => startGateway(readConfig(process.env), null), { onHangup: 'reload' })
