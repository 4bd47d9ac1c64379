import type { RunningService } from '@gatehouse/process/running-service'
import { startService } from '@gatehouse/process/start-service'
import { buildEcho } from './app.ts'
import type { EchoConfig } from './config.ts'

export const startEcho = (config: EchoConfig): Promise<RunningService> =>
  startService({
    name: 'echo',
    config,
    at: { host: config.ECHO_HOST, port: config.ECHO_PORT },
    opsAt: { host: config.ECHO_OPS_HOST, port: config.ECHO_OPS_PORT },
    build: async (options) => ({ service: await buildEcho(options) })
  })
