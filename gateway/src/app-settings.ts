import { drainTimes } from '@gatehouse/settings/drain-times'
import { words } from '@gatehouse/settings/fragments'
import type { GatewayConfig } from './config.ts'
import { type CorsPolicy, corsPolicy } from './cross-origin/cors-policy.ts'
import type { UpstreamLimits } from './forwarding/forward.ts'
import type { ConnectionLimits } from './limits/connection-limits.ts'
import type { ProxyProtocol } from './proxies/proxy-protocol.ts'
import type { ProxyHeaders } from './proxies/told-by-proxies.ts'
import { type IsTrustedProxy, trustedProxies } from './proxies/trusted-proxies.ts'

/** The proxies in front of the gateway, and how they name their clients. */
export type ProxySettings = {
  readonly isTrustedProxy: IsTrustedProxy
  /** the kind of header that they write; null: decided per request */
  readonly proxyHeaders: ProxyHeaders | null
  /** whether they begin their connections with a header of the PROXY protocol */
  readonly proxyProtocol: ProxyProtocol
}

/** The pages of other origins that may use this API. */
export type PageSettings = {
  readonly allowedOrigins: readonly string[]
  /** what they may send and read */
  readonly cors: CorsPolicy
}

/** How long connections and requests of clients may take. */
export type ClientTimes = {
  /** how long a whole request may take to arrive */
  readonly requestMs: number
  /** how long an idle connection stays open */
  readonly idleMs: number
  /** how long requests in flight may take when the gateway closes */
  readonly closeMs: number
}

/** The app's part of the configuration. */
export type GatewaySettings = {
  readonly times: ClientTimes
  readonly proxies: ProxySettings
  readonly pages: PageSettings
  readonly limits: Pick<ConnectionLimits, 'connections' | 'connectionsPerAddress'>
  readonly upstreams: UpstreamLimits
  /** for how many seconds browsers use only TLS for this origin (RFC 6797); 0: no header is sent */
  readonly hstsSeconds: number
  /** how much memory remembered tokens may use, and again what is kept about them */
  readonly rememberedTokenBytes: number
}

export function settingsOf(config: GatewayConfig): GatewaySettings {
  return {
    times: {
      requestMs: config.GATEWAY_REQUEST_SECONDS * 1000,
      idleMs: config.GATEWAY_KEEPALIVE_SECONDS * 1000,
      closeMs: drainTimes(config).closeMs
    },
    proxies: {
      isTrustedProxy: trustedProxies(words(config.GATEWAY_TRUSTED_PROXIES)),
      proxyHeaders: config.GATEWAY_PROXY_HEADERS ?? null,
      proxyProtocol: config.GATEWAY_PROXY_PROTOCOL
    },
    pages: { allowedOrigins: words(config.ALLOWED_ORIGINS), cors: corsPolicy(config) },
    limits: {
      connections: config.GATEWAY_CONNECTIONS,
      connectionsPerAddress: config.GATEWAY_CONNECTIONS_PER_ADDRESS
    },
    upstreams: {
      answerMs: config.GATEWAY_UPSTREAM_TIMEOUT_SECONDS * 1000,
      placesPerAddress: config.GATEWAY_UPSTREAM_CONNECTIONS,
      webSocketsPerAddress: config.GATEWAY_UPSTREAM_WEBSOCKETS,
      sharePercent: config.GATEWAY_UPSTREAM_SHARE_PERCENT
    },
    hstsSeconds: config.GATEWAY_HSTS_SECONDS,
    rememberedTokenBytes: config.GATEWAY_TOKEN_CACHE_BYTES
  }
}
