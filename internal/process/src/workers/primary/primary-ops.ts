import { buildService, type ServerTls, type Service } from '@gatehouse/http-service/build-service'
import type { ServiceLog } from '@gatehouse/http-service/service-log'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import type { Registry } from 'prom-client'
import { OPS_CLOSE_MS } from '../../ops/ops-listener.ts'
import { healthz, metrics as metricsSchema, readyz } from '../../ops/ops-schemas.ts'
import { requirePrivateHost } from '../../ops/private-host.ts'
import type { CarriedRequest, CarriedResponse } from '../messages.ts'
import type { AskWorker } from './ask-worker.ts'
import { isBusy } from './liveness.ts'
import { mergedMetrics } from './merged-metrics.ts'
import { mergedReadiness, type Readiness } from './merged-readiness.ts'
import type { WorkerPool } from './worker-pool.ts'

/** A path for which all workers are asked. */
type MergedResponse = {
  readonly schema: FastifySchema
  /**
   * Makes one answer of those of all workers that listen; null: the worker did not answer. At least
   * one has answered.
   */
  merge(bodies: readonly (unknown | null)[]): unknown
}

export type PrimaryOpsOptions = {
  readonly log: ServiceLog
  /** of the primary process itself */
  readonly metrics: Registry
  readonly pool: Pick<WorkerPool, 'told'> & { readonly up: () => readonly AskWorker[] }
  /** how many workers there should be */
  readonly workers: number
  /** why no more clients should come; null: they may */
  readonly draining: () => string | null
  readonly https?: ServerTls | null
  /** as for the listener of one process */
  readonly hosts: readonly string[]
  /** other paths for which all workers are asked */
  readonly merged?: Readonly<Record<string, MergedResponse>>
}

/** the longest body of the operators' API */
const BODY_LIMIT_BYTES = 1024 * 1024

/**
 * The ops listener of a primary process. It speaks for all workers, and passes every other
 * request to one of them, over the channel that it has to it.
 */
export function buildPrimaryOps(options: PrimaryOpsOptions): Service {
  const { log, metrics, pool, workers, draining, https = null, hosts, merged = {} } = options
  const ops = buildService({ log, closeMs: OPS_CLOSE_MS, https })
  const onRequest = requirePrivateHost(hosts)
  const states = shared((url: string) =>
    Promise.all(pool.up().map((worker) => worker.ask('state', get(url))))
  )
  const answering = shared(() => answeringWorker(pool.up()))
  const figures = shared(() => Promise.all(pool.up().map((worker) => worker.ask('metrics', null))))

  ops.get('/healthz', { schema: healthz }, async () => {
    const workers = pool.up()
    // A busy worker answers late. To end the process would not help it.
    await answering('').catch((error: unknown) => {
      if (!workers.some((worker) => isBusy(worker.owesMs()))) throw error
    })
    return { status: 'alive' as const }
  })
  ops.get('/readyz', { schema: readyz, onRequest }, async (_request, reply) => {
    const answers = (await states('/readyz')).map(
      (answer) => answer && { status: answer.status, body: bodyOf(answer) as Readiness }
    )
    const { isReady, body } = mergedReadiness(answers, { workers, draining: draining() })
    return reply.code(isReady ? 200 : 503).send(body)
  })
  ops.get('/metrics', { schema: metricsSchema, onRequest }, async (_request, reply) => {
    await figures('')
    const own = await metrics.getMetricsAsJSON()
    // A worker that has not answered counts with what it reported last.
    return reply.type(metrics.contentType).send(await mergedMetrics(own, pool.told()))
  })
  for (const [path, { schema, merge }] of Object.entries(merged)) {
    ops.get(path, { schema }, async () => {
      const bodies = (await states(path)).map((answer) =>
        answer?.status === 200 ? bodyOf(answer) : null
      )
      if (bodies.every((body) => body === null)) throw noWorker()
      return merge(bodies)
    })
  }
  passOthers(ops, answering)
  return ops
}

/** In a scope of its own: the worker reads the body, by the schema of its own route. */
function passOthers(ops: Service, answering: (of: '') => Promise<AskWorker>): void {
  ops.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers()
    const read = { parseAs: 'buffer', bodyLimit: BODY_LIMIT_BYTES } as const
    scope.addContentTypeParser('*', read, (_request, body, done) => done(null, body))
    const options = { schema: { hidden: true }, bodyLimit: BODY_LIMIT_BYTES }
    scope.all('/*', options, (request, reply) => pass(request, reply, answering))
    done()
  })
}

async function pass(
  request: FastifyRequest,
  reply: FastifyReply,
  answering: (of: '') => Promise<AskWorker>
): Promise<FastifyReply> {
  const worker = await answering('')
  const { method, url, headers, body } = request
  const asked = { method, url, headers: endToEnd(headers), body: body as Buffer | undefined }
  const answer = await worker.ask('request', asked)
  if (answer === null) throw noWorker()
  return reply.code(answer.status).headers(endToEnd(answer.headers)).send(Buffer.from(answer.body))
}

/**
 * The first worker that answers, and so does not hang.
 * @throws Refusal UNAVAILABLE if none does
 */
async function answeringWorker(workers: readonly AskWorker[]): Promise<AskWorker> {
  const attempts = workers.map(async (worker) => {
    if ((await worker.ask('state', get('/healthz'))) === null) throw noWorker()
    return worker
  })
  return Promise.any(attempts).catch(() => {
    throw noWorker()
  })
}

/**
 * Calls that are made at the same time, for the same thing, share one answer. So workers are not
 * asked once for each probe, scrape and service that asks the primary process.
 */
function shared<Of extends string, Answer>(
  call: (of: Of) => Promise<Answer>
): (of: Of) => Promise<Answer> {
  const underWay = new Map<Of, Promise<Answer>>()
  return (of) => {
    const known = underWay.get(of)
    if (known !== undefined) return known
    const answer = call(of).finally(() => underWay.delete(of))
    underWay.set(of, answer)
    return answer
  }
}

const noWorker = () => new Refusal('UNAVAILABLE', { reason: 'no worker answers' })

const get = (url: string): CarriedRequest => ({
  method: 'GET',
  url,
  headers: { host: 'localhost' }
})

const bodyOf = ({ body }: CarriedResponse): unknown => JSON.parse(Buffer.from(body).toString())

/** What concerns a connection only (RFC 9110 §7.6.1), or is written again. */
const OF_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'date'
])

const endToEnd = <Value>(headers: Readonly<Record<string, Value>>): Record<string, Value> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_CONNECTION.has(name)))
