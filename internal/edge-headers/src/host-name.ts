import { isIPv6 } from 'node:net'

const PORT = /:\d+$/
const BRACKETS = /^\[|\]$/g
/** of a fully qualified name (RFC 1034 §3.1) */
const LAST_DOT = /\.$/

/**
 * The name by which hosts are compared: without a port, the brackets of an IPv6 address and the
 * last dot, in lower case. Pure.
 * @param host as in `Host`, or as an operator writes it
 */
export function hostName(host: string): string {
  const name = isIPv6(host) ? host : host.replace(PORT, '').replace(BRACKETS, '')
  return name.replace(LAST_DOT, '').toLowerCase()
}
