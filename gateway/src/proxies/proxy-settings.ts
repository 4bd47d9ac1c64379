import type { ProxyProtocol } from './proxy-protocol.ts'
import type { ProxyHeaders } from './told-by-proxies.ts'
import type { IsTrustedProxy } from './trusted-proxies.ts'

/** The proxies in front of the gateway, and how they name their clients. */
export type ProxySettings = {
  readonly isTrustedProxy: IsTrustedProxy
  /** the kind of header that they write; null: decided per request */
  readonly proxyHeaders: ProxyHeaders | null
  /** whether they begin their connections with a header of the PROXY protocol */
  readonly proxyProtocol: ProxyProtocol
}
