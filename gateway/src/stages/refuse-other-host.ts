import { isIPv6 } from 'node:net'
import { malformed } from '../refusals.ts'
import type { Hop } from '../request/hop.ts'

/** The names of the hosts under which clients reach the gateway, in lower case; null: any. */
export type Hosts = ReadonlySet<string> | null

const PORT = /:\d+$/
/** of a fully qualified name (RFC 1034 §3.1) */
const LAST_DOT = /\.$/

/**
 * Refuses a request for a host that is not one of the gateway's. A client writes any name into
 * `Host`. Services get it as `x-forwarded-host`, and frameworks write it into links, for example of
 * an e-mail that resets a password.
 */
export function refuseOtherHost({ host }: Pick<Hop, 'host'>, hosts: Hosts): void {
  if (hosts === null || hosts.has(hostName(host))) return
  throw malformed('this host is not served here', 'GATEWAY_HOSTS does not contain the host')
}

const hostName = (host: string): string => hostOnly(host.replace(PORT, ''))

const hostOnly = (name: string): string => name.toLowerCase().replace(LAST_DOT, '')

/** @param names as in GATEWAY_HOSTS; `Host` has an IPv6 address in brackets */
export const hostsOf = (names: readonly string[]): Hosts =>
  names.length === 0
    ? null
    : new Set(names.map((name) => hostOnly(isIPv6(name) ? `[${name}]` : name)))
