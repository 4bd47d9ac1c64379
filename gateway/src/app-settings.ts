import { allowOriginsOf } from '@gatehouse/edge-headers/web-origin'
import { drainTimes } from '@gatehouse/settings/drain-times'
import { words } from '@gatehouse/settings/words'
import { shareOf } from '@gatehouse/settings/workers'
import type { CrossOrigin } from './arrival/allow-origins.ts'
import type { GatewayConfig } from './config.ts'
import type { UpstreamLimits } from './forwarding/capacity/upstream-limits.ts'
import type { ClientTimes } from './limits/client-times.ts'
import type { ConnectionLimits } from './limits/connection-limits.ts'
import { type Hosts, hostsOf } from './paths/host.ts'
import type { ProxySettings } from './proxies/proxy-settings.ts'
import { trustedProxies } from './proxies/trusted-proxies.ts'
import { corsPolicy } from './routes/entry/cors-policy.ts'

/** The app's part of the configuration. Limits are the share of this process. */
export type GatewaySettings = {
  readonly times: ClientTimes
  readonly proxies: ProxySettings
  readonly hosts: Hosts
  /** the pages of other origins that may use this API, and what they may send and read */
  readonly pages: CrossOrigin
  readonly connectionLimits: Pick<ConnectionLimits, 'connections' | 'connectionsPerAddress'>
  readonly upstreamLimits: UpstreamLimits
  /** the value of Strict-Transport-Security (RFC 6797); null: the header is not sent */
  readonly hsts: string | null
  /** whether proxies ask about the requests that they forward themselves */
  readonly verifies: boolean
}

export function settingsOf(config: GatewayConfig): GatewaySettings {
  const allowedOrigins = words(config.ALLOWED_ORIGINS)
  const share = (limit: number): number => shareOf(limit, config.workers)
  return {
    times: {
      requestMs: config.GATEWAY_REQUEST_SECONDS * 1000,
      idleMs: config.GATEWAY_KEEPALIVE_SECONDS * 1000,
      closeMs: drainTimes(config).closeMs
    },
    proxies: {
      isTrustedProxy: trustedProxies(words(config.GATEWAY_TRUSTED_PROXIES)),
      proxyHeaders: config.proxyHeaders,
      proxyProtocol: config.GATEWAY_PROXY_PROTOCOL
    },
    hosts: hostsOf(words(config.GATEWAY_HOSTS)),
    pages: {
      anyListed: allowedOrigins.length > 0,
      allowsOrigin: allowOriginsOf(allowedOrigins),
      policy: corsPolicy(config)
    },
    connectionLimits: {
      connections: share(config.GATEWAY_CONNECTIONS),
      connectionsPerAddress: share(config.GATEWAY_CONNECTIONS_PER_ADDRESS)
    },
    upstreamLimits: {
      responseMs: config.GATEWAY_UPSTREAM_TIMEOUT_SECONDS * 1000,
      placesPerAddress: share(config.GATEWAY_UPSTREAM_CONNECTIONS),
      webSocketsPerAddress: share(config.GATEWAY_UPSTREAM_WEBSOCKETS),
      sharePercent: config.GATEWAY_UPSTREAM_SHARE_PERCENT,
      unreadBytes: share(config.GATEWAY_UNREAD_BYTES)
    },
    hsts: config.GATEWAY_HSTS_SECONDS > 0 ? `max-age=${config.GATEWAY_HSTS_SECONDS}` : null,
    verifies: config.GATEWAY_VERIFY_PORT !== undefined
  }
}
