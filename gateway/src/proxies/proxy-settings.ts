import type { ProxyHeaders } from './proxy-headers.ts'
import type { ProxyProtocol } from './proxy-protocol.ts'
import type { IsTrustedProxy } from './trusted-proxies.ts'

/** The proxies in front of the gateway, and how they name their clients. */
export type ProxySettings = {
  readonly isTrustedProxy: IsTrustedProxy
  /** the headers in which they name their clients */
  readonly proxyHeaders: ProxyHeaders
  /** whether they begin their connections with a header of the PROXY protocol */
  readonly proxyProtocol: ProxyProtocol
}
