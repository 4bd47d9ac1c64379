import type { IncomingMessage } from 'node:http'
import { clientNetwork } from '@gatehouse/edge-headers/client-network'
import { buildService, type ServerTls, type Service } from '@gatehouse/http-service/build-service'
import type { FastifyInstance } from 'fastify'
import type { GatewaySettings } from './app-settings.ts'
import { connectionGauges } from './limits/connection-gauges.ts'
import { limitConnections } from './limits/connection-limits.ts'
import { declareArrivals, type LocatedOf, noteArrival } from './note-arrival.ts'
import type { Ports } from './ports.ts'
import { type ArrivedHop, arrivedHop } from './proxies/arrived-hop.ts'
import { acceptProxyProtocol } from './proxies/proxy-protocol.ts'
import { errorFormOf } from './routes/error-form-of.ts'
import type { RequestTelemetry } from './telemetry/request-telemetry.ts'
import { watchRequests } from './telemetry/served.ts'

type ClientListenerOptions = Pick<Ports, 'log' | 'metrics' | 'clock'> & {
  readonly settings: Pick<GatewaySettings, 'times' | 'proxies' | 'limits' | 'hstsSeconds'>
  readonly https: ServerTls | null
  readonly telemetry: RequestTelemetry
  readonly locatedOf: LocatedOf
}

/**
 * The listener for clients. It limits connections, and notes the source of each request before
 * anything can refuse it.
 */
export function clientListener(options: ClientListenerOptions): Service {
  const { settings, telemetry, locatedOf, log, metrics, clock } = options
  const { times, proxies, limits, hstsSeconds } = settings
  const app = buildService({
    log,
    ...times,
    bodies: 'streamed',
    https: options.https,
    http2: true,
    clientOf: clientNetwork,
    watch(service) {
      watchRequests(service, telemetry.onServed)
      const { isTrustedProxy, proxyHeaders: headers } = proxies
      const proxiedOf = acceptProxyProtocol(service, {
        ...proxies,
        ...limits,
        ...times,
        log,
        clock
      })
      limitConnections(service, { ...limits, isTrustedProxy, proxiedOf })
      declareArrivals(service)
      noteArrivals(service, { spans: telemetry.spans, hstsSeconds }, (raw) =>
        arrivedHop(raw, isTrustedProxy, { headers, proxied: proxiedOf(raw.socket) })
      )
    },
    errorForm: (request) => errorFormOf(locatedOf(request).route)
  })
  connectionGauges(metrics, 'public', app.server, limits)
  return app
}

/**
 * Notes the source of each request. Over TLS, tells the browser to use only TLS from now on. Never
 * over plain HTTP, where anyone on the network could send that header (RFC 6797 §7.2).
 */
function noteArrivals(
  app: FastifyInstance,
  { spans, hstsSeconds }: Pick<RequestTelemetry, 'spans'> & { readonly hstsSeconds: number },
  hopOf: (raw: IncomingMessage) => ArrivedHop
): void {
  app.addHook('onRequest', (request, reply, done) => {
    try {
      noteArrival(request, spans, () => hopOf(request.raw))
    } catch (error) {
      done(error as Error)
      return
    }
    if (hstsSeconds > 0 && request.hop.protocol === 'https')
      reply.header('strict-transport-security', `max-age=${hstsSeconds}`)
    done()
  })
}
