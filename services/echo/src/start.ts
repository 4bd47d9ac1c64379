import { serviceLog } from '@gatehouse/http-service/service-log'
import { openService } from '@gatehouse/process/open-service'
import { buildOps } from '@gatehouse/process/ops-listener'
import { processMetrics } from '@gatehouse/process/process-metrics'
import type { RunningService } from '@gatehouse/process/running-service'
import { drainTimes } from '@gatehouse/settings/drain-times'
import { openTls } from '@gatehouse/tls/process-tls'
import { buildEcho } from './app.ts'
import type { EchoConfig } from './config.ts'

export async function startEcho(config: EchoConfig): Promise<RunningService> {
  const times = drainTimes(config)
  const log = serviceLog('echo', config.LOG_LEVEL)
  const tls = openTls('ECHO', config, log)
  const https = tls.service?.options ?? null
  const service = await buildEcho({ log, https, closeMs: times.closeMs })
  const ops = buildOps({
    log,
    metrics: processMetrics('echo'),
    checks: {},
    service,
    https: tls.ops?.options ?? null
  })
  return openService({
    name: 'echo',
    times,
    tls,
    ops: { app: ops, at: { host: config.ECHO_OPS_HOST, port: config.ECHO_OPS_PORT } },
    service: { app: service, at: { host: config.ECHO_HOST, port: config.ECHO_PORT } },
    async close() {
      await service.close()
      await ops.close()
    }
  })
}
