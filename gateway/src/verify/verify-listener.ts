import { buildService, type ServerTls, type Service } from '@gatehouse/http-service/build-service'
import type { FastifyRequest } from 'fastify'
import { type LocatedOf, newlyArrived, noteSource } from '../arrival/arrived-request.ts'
import { watchArrivals } from '../arrival/watch-arrivals.ts'
import type { MarkOrigin, ResponseHeaders } from '../forwarding/headers/passed-headers.ts'
import type { ClientTimes } from '../limits/client-times.ts'
import { connectionGauges } from '../limits/connection-gauges.ts'
import { type ConnectionLimits, limitConnections } from '../limits/connection-limits.ts'
import type { Ports } from '../ports.ts'
import type { ProxySettings } from '../proxies/proxy-settings.ts'
import type { Passage } from '../request/passage.ts'
import type { RequestHead } from '../request/request-head.ts'
import { errorFormOf } from '../routes/error-form-of.ts'
import type { RouteTable } from '../routes/table/route-table.ts'
import type { RequestTelemetry } from '../telemetry/request-telemetry.ts'
import { newTrail } from '../telemetry/trail.ts'
import type { NamedClaim } from '../tokens/claims/forwarded-claims.ts'
import { answerLines, identityHeaderNames } from './answer-headers.ts'
import { describedRequest } from './described-request.ts'
import { refuseKeptHeaders } from './kept-headers.ts'

type VerifyOptions = Pick<Ports, 'log' | 'metrics'> & {
  readonly https: ServerTls | null
  readonly times: ClientTimes
  readonly proxies: Pick<ProxySettings, 'isTrustedProxy' | 'proxyHeaders'>
  readonly limits: Pick<ConnectionLimits, 'connections' | 'connectionsPerAddress'>
  readonly telemetry: RequestTelemetry
  readonly locatedOf: LocatedOf
  /** the claims that issuers forward to every service */
  readonly issuerClaims: readonly NamedClaim[]
  readonly markOrigin: MarkOrigin
  readonly judge: Judge
}

/**
 * Takes the head of a request through the journey.
 * @throws Refusal if the gateway would refuse the request
 */
export type Judge = (request: FastifyRequest, head: RequestHead) => Passage | Promise<Passage>

/**
 * The problem document of a refusal, for proxies that drop the bodies of subrequests, as nginx
 * does.
 */
const PROBLEM_HEADER = 'gatehouse-problem'

/**
 * The listener for proxies that forward requests themselves, and only ask whether they may. It
 * forwards nothing. It answers 200 with the headers for the service, or as the gateway would answer
 * the request itself.
 */
export function verifyListener(options: VerifyOptions): Service {
  const { times, proxies, limits, telemetry, log, metrics, https } = options
  const { isTrustedProxy } = proxies
  const app = buildService({
    log,
    ...times,
    bodies: 'streamed',
    https,
    watch(service) {
      watchArrivals(service, telemetry.onServed, ({ id, raw }) =>
        newlyArrived(id, newTrail(raw, true))
      )
      limitConnections(service, { ...limits, isTrustedProxy, proxiedOf: () => null })
    },
    errorForm: ({ arrived }) => errorFormOf(arrived.located?.route ?? null, { isGrpc: false })
  })
  connectionGauges(metrics, 'verify', app.server, limits)
  answerQuestions(app, options)
  markRefusals(app, options)
  return app
}

/** Answers each subrequest as the journey decides on the request that it describes. */
function answerQuestions(app: Service, options: VerifyOptions): void {
  const { proxies, telemetry, locatedOf, issuerClaims, judge } = options
  const namesOf = answeredNames(issuerClaims)
  app.addHook('onRequest', async (request, reply) => {
    const { arrived, raw } = request
    const { head, hop, added } = describedRequest(raw, proxies)
    arrived.trail.described = { method: head.method ?? '', target: head.url ?? '' }
    noteSource(arrived, raw, telemetry.spans, () => hop)
    const names = namesOf(locatedOf(arrived).table)
    refuseKeptHeaders(head.rawHeaders, names, added)
    const { headers } = await judge(request, head)
    // There are many headers, and the framework would process each of them several times.
    reply.hijack()
    reply.raw.writeHead(200, answerLines(names, headers)).end()
    return reply
  })
}

/** Adds to a refusal what its client needs, if the proxy passes on only its headers. */
function markRefusals(app: Service, { markOrigin }: Pick<VerifyOptions, 'markOrigin'>): void {
  app.addHook('onSend', async ({ headers: { origin }, arrived }, reply, payload) => {
    if (reply.statusCode < 400) return
    const headers = reply.getHeaders() as ResponseHeaders
    markOrigin(headers, origin, arrived.located?.route ?? null)
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
