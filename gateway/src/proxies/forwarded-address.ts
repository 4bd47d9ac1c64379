import { isIP } from 'node:net'

/**
 * RFC 7239 §6, as proxies also write it in x-forwarded-for: `203.0.113.7:51008`,
 * `[2001:db8::1]:443`, with a numeric port or a name instead of it (`_gazonk`).
 */
const WITH_PORT = /^(?:\[([0-9A-Fa-f:.]+)\]|(\d+\.\d+\.\d+\.\d+))(?::(?:\d{1,5}|_[\w.-]+))?$/
/** an IPv4 address on an IPv6 socket (RFC 4291 §2.5.5.2) */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/**
 * The address in a member of `x-forwarded-for`, without port, brackets, quotes and zone; null if it
 * is none (`unknown`, `_hidden`, a name). Pure.
 */
export function forwardedAddress(member: string): string | null {
  const text = /^"[^"]*"$/.test(member) ? member.slice(1, -1) : member
  const [, bracketed, plain] = WITH_PORT.exec(text) ?? []
  const [address = ''] = (bracketed ?? plain ?? text).split('%', 1)
  if (isIP(address) === 0) return null
  return MAPPED.exec(address)?.[1] ?? address
}
