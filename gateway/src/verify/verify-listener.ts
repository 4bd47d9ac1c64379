import { buildService, type ServerTls, type Service } from '@gatehouse/http-service/build-service'
import type { ServiceLog } from '@gatehouse/http-service/service-log'
import type { FastifyRequest } from 'fastify'
import type { GatewaySettings } from '../app-settings.ts'
import type { MarkOrigin, ResponseHeaders } from '../forwarding/response-headers.ts'
import { limitConnections } from '../limits/connection-limits.ts'
import type { Passage } from '../passage.ts'
import { errorFormOf } from '../routes/error-form-of.ts'
import { type LocatedTarget, locateTarget } from '../routes/located-target.ts'
import type { RouteTable } from '../routes/route-table.ts'
import type { RequestHead } from '../stages/strip.ts'
import { traceOf } from '../telemetry/request-spans.ts'
import type { RequestTelemetry } from '../telemetry/request-telemetry.ts'
import { watchRequests } from '../telemetry/served.ts'
import type { NamedClaim } from '../tokens/forwarded-claims.ts'
import { answerLines, identityHeaders } from './answer-headers.ts'
import { describedRequest } from './described-request.ts'
import { refuseKeptHeaders } from './kept-headers.ts'

export type VerifyOptions = {
  readonly log: ServiceLog
  readonly https: ServerTls | null
  readonly settings: Pick<GatewaySettings, 'times' | 'proxies' | 'limits'>
  readonly telemetry: RequestTelemetry
  readonly table: () => RouteTable
  /** the claims that issuers forward to every service */
  readonly issuerClaims: readonly NamedClaim[]
  readonly markOrigin: MarkOrigin
  readonly decide: Decide
}

/**
 * Takes the head of a request through the journey.
 * @throws Refusal if the gateway would refuse the request
 */
export type Decide = (
  request: FastifyRequest,
  head: RequestHead,
  located: LocatedTarget
) => Promise<Passage>

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
  const { settings, telemetry, table, issuerClaims, markOrigin, decide } = options
  const { times, limits, proxies } = settings
  const app = buildService({
    log: options.log,
    ...times,
    bodies: 'streamed',
    https: options.https,
    watch(service) {
      watchRequests(service, telemetry.onServed, { isVerification: true })
    },
    errorForm: ({ located }) => errorFormOf(located?.route ?? null)
  })
  limitConnections(app, { ...limits, ...proxies, proxiedOf: () => null })
  app.decorateRequest('hop')
  app.decorateRequest('located', null)
  const answered = new WeakMap<RouteTable, ReadonlySet<string>>()
  const answeredOf = (current: RouteTable): ReadonlySet<string> => {
    const known = answered.get(current)
    if (known !== undefined) return known
    const made = identityHeaders(current.routes, issuerClaims)
    answered.set(current, made)
    return made
  }

  app.addHook('onRequest', async (request, reply) => {
    const { trail, raw } = request
    const { head, hop } = describedRequest(raw, proxies)
    trail.described = { method: head.method ?? '', target: head.url ?? '' }
    trail.address = hop.addresses[0]
    const span = telemetry.spans?.begin(request) ?? null
    // The gateway asks no service, so the service's span belongs to that of the gateway itself.
    trail.span = span && { ...span, upstreamSpanId: span.spanId }
    request.hop = { requestId: request.id, trace: traceOf(trail.span), ...hop }
    const located = locateTarget(table(), trail.described.target)
    request.located = located
    const identity = answeredOf(located.table)
    refuseKeptHeaders(head.rawHeaders, identity)
    const { headers } = await decide(request, head, located)
    // There are many headers, and the framework would process each of them several times.
    reply.hijack()
    reply.raw.writeHead(200, answerLines(identity, headers)).end()
    return reply
  })
  app.addHook('onSend', async ({ headers: { origin }, located }, reply, payload) => {
    if (reply.statusCode < 400) return
    const headers = reply.getHeaders() as ResponseHeaders
    markOrigin(headers, origin, located?.route ?? null)
    if (typeof payload === 'string') headers[PROBLEM_HEADER] = inAscii(payload)
    reply.headers(headers)
  })
  return app
}

/** A JSON text with its other characters escaped. */
const inAscii = (json: string): string =>
  json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
