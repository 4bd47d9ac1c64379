import { REFRESH_COOKIE } from '@gatehouse/edge-headers/refresh-cookie'

/**
 * Whether a `name=value` of a `Cookie` or `Set-Cookie` header is, or could come to be, one of the gateway's own. A cookie
 * without a name goes out again as its bare value, so that `=__Host-refresh=x` would come back as ours (RFC 6265bis §5.6).
 * Pure.
 */
export function isOwnCookie(cookie: string): boolean {
  const [pair = ''] = cookie.split(';', 1)
  const [name = ''] = pair.replace(/^[\s=]+/, '').split('=', 1)
  return name.trim() === REFRESH_COOKIE
}
