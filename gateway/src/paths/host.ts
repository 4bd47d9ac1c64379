import { hostName } from '@gatehouse/edge-headers/host-name'
import { LONGEST_AUTHORITY } from '@gatehouse/edge-headers/longest-authority'

/**
 * RFC 3986 §3.2.2, without user information and percent-encoding. An empty string is not a host:
 * every http URI has one (RFC 9110 §4.2.1).
 */
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/
export const LAST_PORT = 65_535

/** Whether a string is the name of a host, with or without a port. Pure. */
export function isHost(text: string): boolean {
  if (text.length > LONGEST_AUTHORITY) return false
  const host = HOST.exec(text)
  return host !== null && Number(host[1] ?? 0) <= LAST_PORT
}

/** Whether two hosts with their ports are the same (RFC 3986 §3.2.2). Pure. */
export const isSameHost = (one: string, other: string): boolean =>
  one.toLowerCase() === other.toLowerCase()

/** The names of the hosts under which clients reach the gateway, in lower case; null: any. */
export type Hosts = ReadonlySet<string> | null

/** Whether a host, as in `Host`, is one of these. Pure. */
export const isOneOf = (hosts: Hosts, host: string): boolean =>
  hosts === null || hosts.has(hostName(host))

/** @param names as in GATEWAY_HOSTS */
export const hostsOf = (names: readonly string[]): Hosts =>
  names.length === 0 ? null : new Set(names.map(hostName))
