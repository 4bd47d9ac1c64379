import { buildService, type ServerTls, type Service } from '@gatehouse/http-service/build-service'
import type { FastifyRequest } from 'fastify'
import type { GatewaySettings } from '../app-settings.ts'
import { declareArrivals, type LocatedOf, noteArrival } from '../arrival/note-arrival.ts'
import type { MarkOrigin, ResponseHeaders } from '../forwarding/headers/passed-headers.ts'
import { connectionGauges } from '../limits/connection-gauges.ts'
import { limitConnections } from '../limits/connection-limits.ts'
import type { Ports } from '../ports.ts'
import { errorFormOf } from '../routes/error-form-of.ts'
import type { RouteTable } from '../routes/route-table.ts'
import type { Passage } from '../stages/passage.ts'
import type { RequestHead } from '../stages/strip.ts'
import type { RequestTelemetry } from '../telemetry/request-telemetry.ts'
import { watchRequests } from '../telemetry/served.ts'
import type { NamedClaim } from '../tokens/forwarded-claims.ts'
import { answerLines, identityHeaderNames } from './answer-headers.ts'
import { describedRequest } from './described-request.ts'
import { refuseKeptHeaders } from './kept-headers.ts'

export type VerifyOptions = Pick<Ports, 'log' | 'metrics'> & {
  readonly https: ServerTls | null
  readonly settings: Pick<GatewaySettings, 'times' | 'proxies' | 'limits'>
  readonly telemetry: RequestTelemetry
  readonly locatedOf: LocatedOf
  /** the claims that issuers forward to every service */
  readonly issuerClaims: readonly NamedClaim[]
  readonly markOrigin: MarkOrigin
  readonly answer: Answer
}

/**
 * Takes the head of a request through the journey.
 * @throws Refusal if the gateway would refuse the request
 */
export type Answer = (request: FastifyRequest, head: RequestHead) => Passage | Promise<Passage>

/**
 * The problem document of a refusal, for proxies that drop the bodies of subrequests, as nginx
 * does.
 */
export const PROBLEM_HEADER = 'gatehouse-problem'

/**
 * The listener for proxies that forward requests themselves, and only ask whether they may. It
 * forwards nothing. It answers 200 with the headers for the service, or as the gateway would answer
 * the request itself.
 */
export function verifyListener(options: VerifyOptions): Service {
  const { settings, telemetry, log, metrics, https } = options
  const { times, limits, proxies } = settings
  const app = buildService({
    log,
    ...times,
    bodies: 'streamed',
    https,
    watch(service) {
      watchRequests(service, telemetry.onServed, { isVerification: true, trailOf: () => null })
      limitConnections(service, { ...limits, ...proxies, proxiedOf: () => null })
      declareArrivals(service)
    },
    errorForm: ({ located }) => errorFormOf(located?.route ?? null, { isGrpc: false })
  })
  connectionGauges(metrics, 'verify', app.server, limits)
  answerQuestions(app, options)
  markRefusals(app, options)
  return app
}

/** Answers each subrequest as the journey decides on the request that it describes. */
function answerQuestions(app: Service, options: VerifyOptions): void {
  const { settings, telemetry, locatedOf, issuerClaims, answer } = options
  const namesOf = answeredNames(issuerClaims)
  app.addHook('onRequest', async (request, reply) => {
    const { head, hop } = describedRequest(request.raw, settings.proxies)
    request.trail.described = { method: head.method ?? '', target: head.url ?? '' }
    noteArrival(request, telemetry.spans, () => hop)
    const names = namesOf(locatedOf(request).table)
    refuseKeptHeaders(head.rawHeaders, names)
    const { headers } = await answer(request, head)
    // There are many headers, and the framework would process each of them several times.
    reply.hijack()
    reply.raw.writeHead(200, answerLines(names, headers)).end()
    return reply
  })
}

/** Adds to a refusal what its client needs, if the proxy passes on only its headers. */
function markRefusals(app: Service, { markOrigin }: Pick<VerifyOptions, 'markOrigin'>): void {
  app.addHook('onSend', async ({ headers: { origin }, located }, reply, payload) => {
    if (reply.statusCode < 400) return
    const headers = reply.getHeaders() as ResponseHeaders
    markOrigin(headers, origin, located?.route ?? null)
    if (typeof payload === 'string') headers[PROBLEM_HEADER] = inAscii(payload)
    reply.headers(headers)
  })
}

/** The identity headers that an answer contains, once for each route table. */
function answeredNames(
  issuerClaims: readonly NamedClaim[]
): (table: RouteTable) => ReadonlySet<string> {
  const known = new WeakMap<RouteTable, ReadonlySet<string>>()
  return (table) => {
    const names = known.get(table) ?? identityHeaderNames(table.routes, issuerClaims)
    known.set(table, names)
    return names
  }
}

/** A JSON text with its other characters escaped. */
const inAscii = (json: string): string =>
  json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
