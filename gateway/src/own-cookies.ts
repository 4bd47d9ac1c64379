import { ownCookies } from '@gatehouse/edge-headers/own-cookies'

const names: ReadonlySet<string> = new Set(ownCookies.map((name) => name.toLowerCase()))

/**
 * Whether a `name=value` of a `Cookie` or `Set-Cookie` header is one of the gateway's own cookies,
 * or could be taken for one by some program: in another letter case, after white space of any kind,
 * or without a name, as a browser sends `=__Host-refresh=x` back (RFC 6265bis §5.6). Pure.
 */
export function isLikeOwnCookie(cookie: string): boolean {
  const [pair = ''] = cookie.split(';', 1)
  const [name = ''] = pair.replace(/^[\s=]+/, '').split('=', 1)
  return names.has(name.trim().toLowerCase())
}
