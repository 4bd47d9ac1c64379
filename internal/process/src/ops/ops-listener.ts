import { buildService, type ServerTls, type Service } from '@gatehouse/http-service/build-service'
import type { ServiceLog } from '@gatehouse/http-service/service-log'
import type { Registry } from 'prom-client'
import { type Check, findings } from './findings.ts'
import { healthz, metrics as metricsSchema, readyz } from './ops-schemas.ts'
import { requirePrivateHost } from './private-host.ts'

type OpsOptions = {
  readonly log: ServiceLog
  readonly metrics: Registry
  readonly checks: Readonly<Record<string, Check>>
  /** the service of the process, which may be about to end */
  readonly service: Pick<Service, 'draining'>
  readonly https?: ServerTls | null
  /** host names that the listener accepts, in addition to IP addresses and names without a dot */
  readonly hosts?: readonly string[]
}

/** What `/readyz` says about a process that drains. */
export const ENDING = 'the process is ending'
export const DRAINED = 'an operator has drained it'

/** Less than what a process has left when its service has closed. */
export const OPS_CLOSE_MS = 1000

/**
 * The ops listener of a process: liveness, readiness and metrics. The public listener never
 * serves them.
 */
export function buildOps(options: OpsOptions): Service {
  const { log, metrics, checks, service, https = null, hosts = [] } = options
  const ops = buildService({ log, closeMs: OPS_CLOSE_MS, https })
  const onRequest = requirePrivateHost(hosts)

  ops.get('/healthz', { schema: healthz }, async () => ({ status: 'alive' as const }))

  ops.get('/readyz', { schema: readyz, onRequest }, async (_request, reply) => {
    const found = await findings(checks)
    const isDraining = service.draining.hasBegun
    const why = service.draining.isEnding ? ENDING : DRAINED
    const failing = isDraining ? { ...found.failing, draining: why } : found.failing
    const isReady = Object.keys(failing).length === 0
    const isDegraded = Object.keys(found.degraded).length > 0
    const readyStatus = isDegraded ? 'degraded' : 'ready'
    const notReadyStatus = isDraining ? 'draining' : 'not ready'
    return reply.code(isReady ? 200 : 503).send({
      status: isReady ? readyStatus : notReadyStatus,
      failing,
      ...(isDegraded ? { degraded: found.degraded } : {}),
      ageSeconds: found.ageSeconds
    })
  })

  ops.get('/metrics', { schema: metricsSchema, onRequest }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.metrics())
  )

  return ops
}
