import { knownNames } from '@gatehouse/edge-headers/known-names'
import { isIdentityName } from '@gatehouse/edge-headers/names'
import { listMembers, withoutOuterWhitespace } from '@gatehouse/edge-headers/optional-whitespace'
import { isLikeOwnCookie } from '../../request-headers/own-cookies.ts'
import type { Route } from '../../routes/entry/route.ts'

export type ResponseHeaders = Record<string, string | string[] | undefined>

/**
 * The maximum of header lines, and of trailers, of a response. 64 KiB can be 20,000 lines.
 * Checking and writing as many would delay the clients of all other services.
 */
export const MOST_LINES = 1000

/** Writes into a service's response which origin may read it. */
export type MarkOrigin = (
  headers: ResponseHeaders,
  origin: string | undefined,
  route: Route | null
) => void

/**
 * Headers of one connection (RFC 9110 §7.6.1, RFC 9113 §8.2.2), and headers that reveal the
 * software behind the gateway.
 */
const DROPPED = new Set([
  'connection',
  'http2-settings',
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

/**
 * Headers with which one response affects all later responses of the same origin, or the proxies in
 * front. All services share the gateway's origin, so no service may affect the others: only the
 * gateway sets these headers.
 */
const OF_THE_ORIGIN = new Set([
  // moves the whole origin to another host or port (RFC 7838 §3)
  'alt-svc',
  // deletes cookies, storage and caches of all services, the session's cookie too (Clear Site Data
  // §3.1)
  'clear-site-data',
  // certificate policies (RFC 6797, RFC 7469, RFC 9163): a wrong one locks browsers out for months
  'expect-ct',
  'public-key-pins',
  'public-key-pins-report-only',
  'strict-transport-security',
  // sends reports of every request to the origin, with its URL, to a server of the service's choice
  // (Network Error Logging §4)
  'nel',
  'report-to',
  // lets a script of one service intercept the pages and requests of all services (Service Workers
  // §4.1)
  'service-worker-allowed',
  // whether somebody is signed in at the origin (FedCM §4.2)
  'set-login',
  // cookies of RFC 2965, in which we do not look for our own cookies
  'set-cookie2',
  // opens a session bound to the device for the whole origin (Device Bound Session Credentials §9)
  'secure-session-registration',
  'sec-session-registration',
  // makes the response a compression dictionary for any path of the origin (RFC 9842 §2.1)
  'use-as-dictionary',
  // makes an Envoy in front consider the gateway, and all services with it, unhealthy
  'x-envoy-immediate-health-check-fail',
  // make nginx, Apache, lighttpd, LiteSpeed, H2O or Perlbal in front serve one of their own files
  // or URLs instead of the response
  'x-accel-redirect',
  'x-lighttpd-send-file',
  'x-litespeed-location',
  'x-reproxy-file',
  'x-reproxy-url',
  'x-sendfile'
])

/**
 * Fields with one value (RFC 9110 §5.3). If a service sends several, the first one counts, as in
 * Node.js. HTTP/2 in Node.js refuses to write a second one.
 */
const SINGLE = new Set([
  'access-control-allow-credentials',
  'access-control-max-age',
  'access-control-request-method',
  'age',
  'authorization',
  'content-length',
  'content-location',
  'content-md5',
  'content-range',
  'content-type',
  'date',
  'dnt',
  'etag',
  'expires',
  'from',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'range',
  'referer',
  'retry-after',
  'tk',
  'upgrade-insecure-requests',
  'user-agent',
  'x-content-type-options'
])
/** lists that HTTP/2 in Node.js accepts only on one line (RFC 9110 §8.4, §8.5) */
const ONE_LINE = new Set(['content-encoding', 'content-language'])

/** Whether a field of a service's response is dropped: the one rule for headers and trailers. */
export const isDropped = knownNames(
  (name) => DROPPED.has(name) || OF_THE_ORIGIN.has(name) || isIdentityName(name)
)

/**
 * The headers of a service's response that the client gets: a new object, not a copy with removals.
 * A service cannot set our cookies. White space around a value is not part of it (RFC 9110 §5.5),
 * but the parser leaves that at the end. HTTP/2 allows none: some clients drop such a line, and
 * others refuse the response (RFC 9113 §8.2.1). Pure.
 */
export function passedHeaders(received: ResponseHeaders, route: Route): ResponseHeaders {
  const named = connectionNames(received.connection)
  const headers: ResponseHeaders = {}
  for (const name in received) {
    if (isDropped(name) || named?.has(name)) continue
    const value = received[name]
    if (typeof value === 'string') headers[name] = withoutOuterWhitespace(value)
    else if (value !== undefined) headers[name] = ofSeveral(name, value.map(withoutOuterWhitespace))
  }
  if (received['set-cookie'] === undefined) return headers
  const cookies = allowedCookies(received['set-cookie'], route)
  if (cookies.length > 0) headers['set-cookie'] = cookies
  else delete headers['set-cookie']
  return headers
}

function ofSeveral(name: string, values: string[]): string | string[] | undefined {
  if (SINGLE.has(name)) return values[0]
  // The last of them may be empty.
  return ONE_LINE.has(name) ? withoutOuterWhitespace(values.join(', ')) : values
}

/** The headers that belong to the service's connection (RFC 9110 §7.6.1). */
function connectionNames(connection: string | string[] | undefined): ReadonlySet<string> | null {
  if (connection === undefined || connection === 'keep-alive') return null
  return new Set([connection].flat().flatMap((value) => listMembers(value.toLowerCase())))
}

function allowedCookies(setCookie: string | string[] | undefined, route: Route): string[] {
  const cookies = [setCookie ?? []].flat().map(withoutOuterWhitespace)
  if (route.credentials.includes('own-cookies')) return cookies
  return cookies.filter((cookie) => !isLikeOwnCookie(cookie))
}
