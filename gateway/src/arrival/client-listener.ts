import type { IncomingMessage } from 'node:http'
import { clientNetwork } from '@gatehouse/edge-headers/client-network'
import { requestId } from '@gatehouse/edge-headers/request-id'
import { buildService, type ServerTls, type Service } from '@gatehouse/http-service/build-service'
import type { FastifyInstance } from 'fastify'
import type { GatewaySettings } from '../app-settings.ts'
import { connectionGauges } from '../limits/connection-gauges.ts'
import { limitConnections } from '../limits/connection-limits.ts'
import type { Ports } from '../ports.ts'
import { type ArrivedHop, arrivedHop } from '../proxies/arrived-hop.ts'
import { acceptProxyProtocol, type ProxiedConnectionOf } from '../proxies/proxy-protocol.ts'
import { errorFormOf } from '../routes/error-form-of.ts'
import type { RequestTelemetry } from '../telemetry/request-telemetry.ts'
import { watchRequests } from '../telemetry/served.ts'
import { declareArrivals, type LocatedOf, noteArrival } from './note-arrival.ts'
import { hstsHeader } from './without-framework/plain-request.ts'
import type { PlainRequests } from './without-framework/plain-requests.ts'

type ClientListenerOptions = Pick<Ports, 'log' | 'metrics' | 'clock'> & {
  readonly settings: Pick<GatewaySettings, 'times' | 'proxies' | 'limits' | 'hsts'>
  readonly https: ServerTls | null
  readonly telemetry: RequestTelemetry
  readonly locatedOf: LocatedOf
  readonly plain: Pick<PlainRequests, 'take' | 'begun'>
}

/** The listener, and how it finds the source of a request. */
type ClientListener = {
  readonly app: Service
  readonly hopOf: (raw: IncomingMessage) => ArrivedHop
}

/**
 * The listener for clients. It limits connections, and notes the source of each request before
 * anything can refuse it.
 */
export function clientListener(options: ClientListenerOptions): ClientListener {
  const { settings, telemetry, locatedOf, plain, log, metrics, clock } = options
  const { times, proxies, limits } = settings
  let proxiedOf: ProxiedConnectionOf = () => null
  const hopOf = (raw: IncomingMessage): ArrivedHop =>
    arrivedHop(raw, proxies.isTrustedProxy, {
      headers: proxies.proxyHeaders,
      proxied: proxiedOf(raw.socket)
    })
  const app = buildService({
    log,
    ...times,
    bodies: 'streamed',
    https: options.https,
    http2: true,
    clientOf: clientNetwork,
    takeFirst: plain.take,
    idOf: (raw) => plain.begun(raw)?.id ?? requestId(raw.headers),
    watch(service) {
      const { onServed, spans } = telemetry
      const trailOf = (raw: IncomingMessage) => plain.begun(raw)?.trail ?? null
      watchRequests(service, onServed, { isVerification: false, trailOf })
      const { isTrustedProxy } = proxies
      proxiedOf = acceptProxyProtocol(service, {
        ...proxies,
        ...limits,
        ...times,
        log,
        clock
      })
      limitConnections(service, { ...limits, isTrustedProxy, proxiedOf })
      declareArrivals(service)
      noteArrivals(service, { spans, begun: plain.begun, hsts: settings.hsts }, hopOf)
    },
    errorForm: (request) => errorFormOf(locatedOf(request).route, request.trail)
  })
  connectionGauges(metrics, 'public', app.server, limits)
  return { app, hopOf }
}

type NoteOptions = Pick<RequestTelemetry, 'spans'> & {
  readonly begun: PlainRequests['begun']
  readonly hsts: string | null
}

/**
 * Notes the source of each request. Over TLS, tells the browser to use only TLS from now on. Never
 * over plain HTTP, where anyone on the network could send that header (RFC 6797 §7.2).
 */
function noteArrivals(
  app: FastifyInstance,
  { spans, begun, hsts }: NoteOptions,
  hopOf: (raw: IncomingMessage) => ArrivedHop
): void {
  app.addHook('onRequest', (request, reply, done) => {
    try {
      const { hop = null, located = null } = begun(request.raw) ?? {}
      request.located = located
      if (hop === null) noteArrival(request, spans, hopOf)
      else request.hop = hop
    } catch (error) {
      done(error as Error)
      return
    }
    if (hsts !== null && request.hop.protocol === 'https') reply.header(hstsHeader, hsts)
    done()
  })
}
