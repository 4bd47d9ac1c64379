import { hostName } from '@gatehouse/edge-headers/host-name'
import { buildService, type Service } from '@gatehouse/http-service/build-service'
import type { ServiceLog } from '@gatehouse/http-service/service-log'
import { Refusal } from '@gatehouse/problem/refusal'
import type { ClientTimes } from '../limits/client-times.ts'
import { type ConnectionLimits, limitConnections } from '../limits/connection-limits.ts'
import { acceptProxyProtocol } from '../proxies/proxy-protocol.ts'
import type { ProxySettings } from '../proxies/proxy-settings.ts'

export type RedirectOptions = {
  readonly log: ServiceLog
  readonly times: Pick<ClientTimes, 'idleMs' | 'closeMs'>
  readonly proxies: Pick<ProxySettings, 'proxyProtocol' | 'isTrustedProxy'>
  /** as many connections as the gateway's own listener may have */
  readonly limits: Pick<ConnectionLimits, 'connections' | 'connectionsPerAddress'>
  readonly monotonicClock: () => number
  /** the address of the gateway for its clients: `https://api.example.com` */
  readonly publicOrigin: string
}

/** Long enough for the caches of browsers, and short enough to be undone. */
const CACHE_SECONDS = 300

/**
 * Redirects clients of plain HTTP to the same path of the public origin, with their method and body
 * (308, RFC 9110 §15.4.9). The origin comes from the settings, so no `Host` can lead clients
 * elsewhere, and a request for another host is refused. Nothing of a request is logged, because
 * plain HTTP may carry credentials.
 */
export function redirectToHttps(options: RedirectOptions): Service {
  const { log, times, proxies, limits, monotonicClock, publicOrigin } = options
  const { host, hostname } = new URL(publicOrigin)
  const quiet = log.child({}, { level: 'error' })
  const service = buildService({ log: quiet, closeMs: times.closeMs, bodies: 'streamed' })
  const proxiedOf = acceptProxyProtocol(service, {
    ...proxies,
    ...limits,
    ...times,
    log,
    monotonicClock
  })
  limitConnections(service, { ...limits, ...proxies, proxiedOf })
  service.addHook('onRequest', async (request, reply) => {
    const target = request.raw.url ?? ''
    if (!target.startsWith('/') || hostName(request.hostname) !== hostName(hostname)) {
      throw new Refusal('INVALID_REQUEST', {
        reason: 'a plain HTTP request names a host that is not the public one',
        detail: 'use https and the public name of this API'
      })
    }
    // The body is not read, so the connection cannot be used again.
    reply.header('connection', 'close').header('cache-control', `max-age=${CACHE_SECONDS}`)
    return reply.code(308).header('location', `https://${host}${target}`).send()
  })
  return service
}
