import { roomLog } from '@gatehouse/http-service/room-log'
import { openRoom } from '@gatehouse/room/open-room'
import { buildOps } from '@gatehouse/room/ops-listener'
import type { Room } from '@gatehouse/room/room'
import { drainTimes } from '@gatehouse/settings/drain-times'
import { Registry } from 'prom-client'
import { buildEcho } from './app.ts'
import type { EchoConfig } from './config.ts'

export async function startEcho(config: EchoConfig): Promise<Room> {
  const times = drainTimes(config)
  const log = roomLog('echo', config.LOG_LEVEL)
  const service = await buildEcho({ log, closeMs: times.closeMs })
  const ops = buildOps({ log, metrics: new Registry(), checks: {}, service })
  return openRoom({
    name: 'echo',
    times,
    ops: { app: ops, at: { host: config.ECHO_OPS_HOST, port: config.ECHO_OPS_PORT } },
    service: { app: service, at: { host: config.ECHO_HOST, port: config.ECHO_PORT } },
    async close() {
      await service.close()
      await ops.close()
    }
  })
}
