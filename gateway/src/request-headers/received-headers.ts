import { knownNames } from '@gatehouse/edge-headers/known-names'
import { isSameHost } from '../paths/host.ts'
import { malformed, tooManyHeaders } from '../refusals.ts'

export type RequestHeaders = Record<string, string>

/** for the headers of a request, and for its trailers */
export const MAX_HEADER_LINES = 100

/** Two of these contradict each other, and servers differ in which one they use. */
export const AT_MOST_ONCE: ReadonlySet<string> = new Set([
  'authorization',
  'content-length',
  'content-type',
  'host',
  'origin',
  'sec-fetch-site'
])

/** An object without members, not even inherited ones. `Object.create` makes a slower one. */
const NoHeaders = function NoHeaders() {} as unknown as new () => RequestHeaders
NoHeaders.prototype = Object.create(null)

/** The header lines by lower-case name, repeated ones joined (RFC 9110 §5.3). */
export function receivedHeaders(rawHeaders: readonly string[]): RequestHeaders {
  if (rawHeaders.length > MAX_HEADER_LINES * 2) throw tooManyHeaders()
  const headers: RequestHeaders = new NoHeaders()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = headerName(rawHeaders[index] ?? '')
    if (name === null) continue
    const value = rawHeaders[index + 1] ?? ''
    const earlier = headers[name]
    if (earlier === undefined) headers[name] = value
    else if (name === 'host' && repeatsAuthority(rawHeaders, value)) continue
    else if (AT_MOST_ONCE.has(name)) throw malformed(`${name} is given twice`)
    else headers[name] = `${earlier}${name === 'cookie' ? '; ' : ', '}${value}`
  }
  return headers
}

/**
 * Whether a Host over HTTP/2 is the same as `:authority`: some clients send both. One that differs
 * makes the request malformed (RFC 9113 §8.3.1). Pseudo-headers come first, and a name over HTTP/1
 * has no colon.
 */
function repeatsAuthority(rawHeaders: readonly string[], host: string): boolean {
  for (let at = 0; rawHeaders[at]?.startsWith(':') === true; at += 2) {
    if (rawHeaders[at] === ':authority') return isSameHost(rawHeaders[at + 1] ?? '', host)
  }
  return false
}

/** HTTP/2's `:authority` is Host (RFC 9113 §8.3.1). Its other pseudo-headers were read already. */
const headerName = knownNames((name): string | null => {
  if (!name.startsWith(':')) return name.toLowerCase()
  return name === ':authority' ? 'host' : null
})
