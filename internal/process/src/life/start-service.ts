import type { ServerTls, Service } from '@gatehouse/http-service/build-service'
import { type ServiceLog, serviceLog } from '@gatehouse/http-service/service-log'
import { drainTimes } from '@gatehouse/settings/drain-times'
import { openTls } from '@gatehouse/tls/process-tls'
import type { ListenAddress } from '../listening/listen-as.ts'
import { buildOps } from '../ops/ops-listener.ts'
import { processMetrics } from '../ops/process-metrics.ts'
import type { RunningService } from '../start/running-service.ts'
import { withClosing } from '../start/with-closing.ts'
import { openService } from './open-service.ts'

/** What an app gets of its process. */
type AppOptions = {
  readonly log: ServiceLog
  readonly https: ServerTls | null
  /** how long requests in flight may take when the service closes */
  readonly closeMs: number
}

type StartOptions = {
  /** in lower case; the settings of its listeners begin with it, in upper case */
  readonly name: string
  readonly config: Parameters<typeof drainTimes>[0] &
    Parameters<typeof openTls>[1] & { readonly LOG_LEVEL: Parameters<typeof serviceLog>[1] }
  readonly at: ListenAddress
  readonly opsAt: ListenAddress
  /** @returns the app, and what closes its stores after the listeners */
  build(options: AppOptions): Promise<{ readonly service: Service; readonly close?: () => void }>
}

/**
 * Starts a service that is ready as soon as it listens, because it depends on no other process.
 * @throws StartFault
 */
export const startService = (options: StartOptions): Promise<RunningService> =>
  withClosing((closing) => open(options, closing))

async function open(options: StartOptions, closing: AsyncDisposableStack): Promise<RunningService> {
  const { name, config, at, opsAt } = options
  const times = drainTimes(config)
  const log = serviceLog(name, config.LOG_LEVEL)
  const tls = openTls(name.toUpperCase(), config, log)
  closing.defer(tls.close)
  const https = tls.service?.options ?? null
  const { service, close } = await options.build({ log, https, closeMs: times.closeMs })
  const metrics = processMetrics(name)
  const ops = buildOps({
    log,
    metrics,
    checks: {},
    service,
    https: tls.ops?.options ?? null
  })
  return openService({
    name,
    times,
    tls,
    metrics,
    ops: { app: ops, at: opsAt },
    service: { app: service, at },
    async close() {
      await service.close()
      await ops.close()
      close?.()
    }
  })
}
