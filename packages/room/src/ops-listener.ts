import { buildService, type Service } from '@gatehouse/http-service/build-service'
import type { RoomLog } from '@gatehouse/http-service/room-log'
import type { Registry } from 'prom-client'

/**
 * What a check finds, in a few words: a text where the process cannot do its work, `degraded` where it can and should be looked
 * at, null where all is well.
 */
export type Finding = string | { readonly degraded: string } | null
export type Check = () => Finding | Promise<Finding>

export type OpsOptions = {
  log: RoomLog
  metrics: Registry
  checks: Readonly<Record<string, Check>>
}

/** The private listener of a process: alive, ready, and its figures. Never reachable through the public one. */
export function buildOps({ log, metrics, checks }: OpsOptions): Service {
  const ops = buildService({ log })

  ops.get('/healthz', async () => ({ status: 'alive' }))

  ops.get('/readyz', async (_request, reply) => {
    const { failing, degraded } = await findings(checks)
    const isReady = Object.keys(failing).length === 0
    const isDegraded = Object.keys(degraded).length > 0
    const readyStatus = isDegraded ? 'degraded' : 'ready'
    return reply.code(isReady ? 200 : 503).send({
      status: isReady ? readyStatus : 'not ready',
      failing,
      ...(isDegraded ? { degraded } : {})
    })
  })

  ops.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.metrics())
  )

  return ops
}

async function findings(checks: OpsOptions['checks']) {
  const failing: Record<string, string> = {}
  const degraded: Record<string, string> = {}
  const results = Object.entries(checks).map(
    async ([name, check]) => [name, await outcome(check)] as const
  )
  for (const [name, finding] of await Promise.all(results)) {
    if (typeof finding === 'string') failing[name] = finding
    else if (finding !== null) degraded[name] = finding.degraded
  }
  return { failing, degraded }
}

async function outcome(check: Check): Promise<Finding> {
  try {
    return await check()
  } catch {
    return 'the check itself failed'
  }
}
