import type { IncomingMessage } from 'node:http'
import { clientNetwork } from '@gatehouse/edge-headers/client-network'
import { requestId } from '@gatehouse/edge-headers/request-id'
import { buildService, type ServerTls, type Service } from '@gatehouse/http-service/build-service'
import type { TakeFirst } from '@gatehouse/http-service/in-front'
import type { FastifyInstance } from 'fastify'
import type { ClientTimes } from '../limits/client-times.ts'
import { connectionGauges } from '../limits/connection-gauges.ts'
import type { ConnectionLimits } from '../limits/connection-limits.ts'
import type { Ports } from '../ports.ts'
import { errorFormOf } from '../routes/error-form-of.ts'
import type { RequestTelemetry } from '../telemetry/request-telemetry.ts'
import { newTrail } from '../telemetry/trail.ts'
import { type ArrivedRequest, type LocatedOf, newlyArrived } from './arrived-request.ts'
import type { ClientSource } from './client-source.ts'
import { hstsFor, hstsHeader } from './hsts.ts'
import { watchArrivals } from './watch-arrivals.ts'

/** The requests that need nothing of the framework. */
export type PlainRequests = {
  /** Takes a request, or leaves it to the framework. */
  readonly take: TakeFirst
  /** what is known of a request that the framework gets after it has begun; null for any other */
  begun(raw: IncomingMessage): ArrivedRequest | null
}

type ClientListenerOptions = Pick<Ports, 'log' | 'metrics'> & {
  readonly times: ClientTimes
  readonly limits: Pick<ConnectionLimits, 'connections'>
  /** the value of Strict-Transport-Security (RFC 6797); null: the header is not sent */
  readonly hsts: string | null
  readonly https: ServerTls | null
  readonly onServed: RequestTelemetry['onServed']
  readonly source: ClientSource
  readonly locatedOf: LocatedOf
  readonly plain: PlainRequests
}

/**
 * The listener for clients. It limits connections, and notes the source of each request before
 * anything can refuse it.
 */
export function clientListener(options: ClientListenerOptions): Service {
  const { times, limits, hsts, https, onServed, source, locatedOf, plain, log, metrics } = options
  const app = buildService({
    log,
    ...times,
    bodies: 'streamed',
    https,
    http2: true,
    clientOf: clientNetwork,
    takeFirst: plain.take,
    idOf: (raw) => plain.begun(raw)?.id ?? requestId(raw.headers),
    watch(service) {
      watchArrivals(
        service,
        onServed,
        ({ id, raw }) => plain.begun(raw) ?? newlyArrived(id, newTrail(raw, false))
      )
      source.accept(service)
      noteArrivals(service, source, hsts)
    },
    errorForm: ({ arrived }) => errorFormOf(locatedOf(arrived).route, arrived.trail)
  })
  connectionGauges(metrics, 'public', app.server, limits)
  return app
}

/** Notes the source of each request that has not begun before. */
function noteArrivals(app: FastifyInstance, source: ClientSource, hsts: string | null): void {
  app.addHook('onRequest', ({ arrived, raw }, reply, done) => {
    try {
      if (arrived.hop === null) {
        if (arrived.refusal !== null) throw arrived.refusal
        source.note(arrived, raw)
      }
    } catch (error) {
      done(error as Error)
      return
    }
    const value = hstsFor(arrived, hsts)
    if (value !== null) reply.header(hstsHeader, value)
    done()
  })
}
