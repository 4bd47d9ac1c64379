import type { IncomingMessage } from 'node:http'
import { requestId } from '@gatehouse/edge-headers/request-id'
import { buildService, type ServerTls, type Service } from '@gatehouse/http-service/build-service'
import type { FastifyRequest } from 'fastify'
import { type LocatedOf, newlyArrived } from '../arrival/arrived-request.ts'
import { watchArrivals } from '../arrival/watch-arrivals.ts'
import type { MarkOrigin, ResponseHeaders } from '../forwarding/headers/passed-headers.ts'
import type { ClientTimes } from '../limits/client-times.ts'
import { connectionGauges } from '../limits/connection-gauges.ts'
import { type ConnectionLimits, limitConnections } from '../limits/connection-limits.ts'
import type { Ports } from '../ports.ts'
import type { ProxySettings } from '../proxies/proxy-settings.ts'
import type { TakeJourney } from '../request/arrival.ts'
import type { Passage } from '../request/passage.ts'
import type { RequestHead } from '../request/request-head.ts'
import { errorFormOf } from '../routes/error-form-of.ts'
import type { RequestTelemetry } from '../telemetry/request-telemetry.ts'
import { newTrail } from '../telemetry/trail.ts'
import type { NamedClaim } from '../tokens/claims/forwarded-claims.ts'
import { plainSubrequests } from './plain-subrequests.ts'
import { proxySubrequests, type Subrequests } from './subrequests.ts'

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
  readonly journeyOf: JourneyOf
  /** the same for requests without limits, which need no framework */
  readonly takeJourney: TakeJourney
  /** for tests: whether the framework gets a subrequest that could go without it */
  readonly usesFramework: (raw: IncomingMessage) => boolean
}

/**
 * Takes the head of a request through the journey.
 * @throws Refusal if the gateway would refuse the request
 */
export type JourneyOf = (request: FastifyRequest, head: RequestHead) => Passage | Promise<Passage>

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
  const { times, proxies, limits, telemetry, log, metrics, https, journeyOf } = options
  const { isTrustedProxy } = proxies
  const { spans, onServed } = telemetry
  const subrequests = proxySubrequests({ ...options, spans })
  const plain = plainSubrequests({ ...options, subrequests, onServed })
  const app = buildService({
    log,
    ...times,
    bodies: 'streamed',
    https,
    takeFirst: plain.take,
    idOf: (raw) => plain.begun(raw)?.id ?? requestId(raw.headers),
    watch(service) {
      watchArrivals(
        service,
        onServed,
        ({ id, raw }) => plain.begun(raw) ?? newlyArrived(id, newTrail(raw, true))
      )
      limitConnections(service, { ...limits, isTrustedProxy, proxiedOf: () => null })
    },
    errorForm: ({ arrived }) => errorFormOf(arrived.located?.route ?? null, { isGrpc: false })
  })
  connectionGauges(metrics, 'verify', app.server, limits)
  answerSubrequests(app, subrequests, journeyOf)
  markRefusals(app, options)
  return app
}

/** Answers each subrequest as the journey decides on the request that it describes. */
function answerSubrequests(app: Service, subrequests: Subrequests, journeyOf: JourneyOf): void {
  app.addHook('onRequest', async (request, reply) => {
    const { arrived, raw } = request
    if (arrived.refusal !== null) throw arrived.refusal
    const { head, names } = subrequests.read(arrived, raw)
    const passage = await journeyOf(request, head)
    reply.hijack()
    subrequests.allow(reply.raw, names, passage)
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

/** A JSON text with its other characters escaped. */
const inAscii = (json: string): string =>
  json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
