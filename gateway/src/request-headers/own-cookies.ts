import { ownCookies } from '@gatehouse/edge-headers/own-cookies'

const names: ReadonlySet<string> = new Set(ownCookies.map((name) => name.toLowerCase()))

/** the first character of the names of our own cookies */
const UNDERSCORE = '_'
/** the first character of a name, after what some programs skip */
const BEGINNING = /[^\s=]/

/**
 * Whether a `name=value` of a `Cookie` or `Set-Cookie` header is one of the gateway's own cookies,
 * or could be taken for one by some program: in another letter case, after white space of any kind,
 * or without a name, as a browser sends `=__Host-refresh=x` back (RFC 6265bis §5.6). Pure.
 */
export function isLikeOwnCookie(cookie: string): boolean {
  // Nearly every cookie ends here. A service may send a thousand.
  if (cookie[cookie.search(BEGINNING)] !== UNDERSCORE) return false
  const [pair = ''] = cookie.split(';', 1)
  const [name = ''] = pair.replace(/^[\s=]+/, '').split('=', 1)
  return names.has(name.trim().toLowerCase())
}
