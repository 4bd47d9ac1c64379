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
