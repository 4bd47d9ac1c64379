import { buildService, type Service } from '@gatehouse/http-service/build-service'
import type { RoomLog } from '@gatehouse/http-service/room-log'
import type { Registry } from 'prom-client'

/** What must hold for the process to do its work: null when it does, or the fault in a few words. */
export type Check = () => string | null | Promise<string | null>

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
    const failing = await failingChecks(checks)
    const ready = Object.keys(failing).length === 0
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', failing })
  })

  ops.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.metrics())
  )

  return ops
}

async function failingChecks(checks: OpsOptions['checks']): Promise<Record<string, string>> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await outcome(check)] as const)
  )
  return Object.fromEntries(results.filter((row): row is [string, string] => row[1] !== null))
}

async function outcome(check: Check): Promise<string | null> {
  try {
    return await check()
  } catch {
    return 'the check itself failed'
  }
}
