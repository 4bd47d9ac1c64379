import { isIdentityName } from '@gatehouse/edge-headers/names'
import { isLikeOwnCookie } from '../own-cookies.ts'
import type { Route } from '../routes/route.ts'

export type ResponseHeaders = Record<string, string | string[] | undefined>

/** Of one connection (RFC 9110 §7.6.1), or telling of what runs behind the gateway. */
const DROPPED = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'server',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-powered-by'
])

/** What of a service's answer the client gets: built anew, not copied with removals. A service cannot set our cookies. Pure. */
export function responseHeaders(received: ResponseHeaders, route: Route): ResponseHeaders {
  const named = connectionNames(received.connection)
  const headers: ResponseHeaders = {}
  for (const name in received) {
    if (DROPPED.has(name) || named?.has(name) || isIdentityName(name)) continue
    headers[name] = received[name]
  }
  if (received['set-cookie'] === undefined) return headers
  const cookies = allowedCookies(received['set-cookie'], route)
  if (cookies.length > 0) headers['set-cookie'] = cookies
  else delete headers['set-cookie']
  return headers
}

/** The headers that belong to the service's connection (RFC 9110 §7.6.1). */
function connectionNames(connection: string | string[] | undefined): ReadonlySet<string> | null {
  if (connection === undefined || connection === 'keep-alive') return null
  return new Set([connection].flat().flatMap((value) => value.toLowerCase().split(/\s*,\s*/)))
}

function allowedCookies(setCookie: string | string[] | undefined, route: Route): string[] {
  const cookies = [setCookie ?? []].flat()
  if (route.credentials.includes('own-cookies')) return cookies
  return cookies.filter((cookie) => !isLikeOwnCookie(cookie))
}
