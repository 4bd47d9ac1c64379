/** `scheme://authority`, without user information, path, query, fragment or percent-encoding. */
const ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/([^\s/?#@\\%*]+)$/i
/** A host and a port of another scheme than HTTP's; what a web view or an extension has for one. */
const OTHER_AUTHORITY = /^[a-z0-9._~-]+(?::\d{1,5})?$/i

/** A WebSocket is of the origin of its page (RFC 6455 §10.2); proxies and clients that are no browsers write its own scheme. */
const HTTP_SCHEME: Readonly<Record<string, string>> = {
  ws: 'http',
  wss: 'https',
  http: 'http',
  https: 'https'
}

/**
 * The one form of a web origin (RFC 6454 §4), in which two origins are equal or not: small letters, a host as browsers write it,
 * no usual port, HTTP's scheme for WebSocket's. A dot behind the host makes another origin, here as in browsers. Null where it is
 * none, as `null` is, which is what every sandboxed page sends. Pure.
 */
export function canonicalOrigin(text: string): string | null {
  const [, scheme = '', authority = ''] = ORIGIN.exec(text) ?? []
  const named = scheme.toLowerCase()
  const http = Object.hasOwn(HTTP_SCHEME, named) ? HTTP_SCHEME[named] : undefined
  if (http !== undefined) return URL.parse(`${http}://${authority}`)?.origin ?? null
  return OTHER_AUTHORITY.test(authority) ? `${named}://${authority.toLowerCase()}` : null
}

/** Whether two origins are one, however each is written. Pure. */
export function isSameOrigin(one: string, other: string): boolean {
  const canonical = canonicalOrigin(one)
  return canonical !== null && canonical === canonicalOrigin(other)
}

/** Whether an origin, as a request names it, is on a list. */
export type AllowsOrigin = (origin: string | null | undefined) => origin is string

/**
 * A list of origins. `https://*.example.com` stands for each origin with one label in place of the star.
 * @throws Error where an entry is neither: settings are checked before
 */
export function allowOriginsOf(list: readonly string[]): AllowsOrigin {
  const exact = new Set<string>()
  const patterns: Wildcard[] = []
  for (const entry of list) {
    const wildcard = wildcardOrigin(entry)
    const canonical = wildcard === null ? canonicalOrigin(entry) : null
    if (wildcard !== null) patterns.push(wildcard)
    else if (canonical !== null) exact.add(canonical)
    else throw new Error('an allowed origin that is not one')
  }
  const isAllowed = (origin: string): boolean => {
    // As browsers write it, which is the one form.
    if (exact.has(origin)) return true
    const canonical = canonicalOrigin(origin)
    if (canonical === null) return false
    return exact.has(canonical) || patterns.some((one) => matches(one, canonical))
  }
  return (origin): origin is string => typeof origin === 'string' && isAllowed(origin)
}

/** What stands before and behind the one label that is open. */
export type Wildcard = { readonly before: string; readonly after: string }

/** Two labels behind the star at least, or this machine: `https://*.com` would be everybody. */
const WILDCARD = /^(https?|wss?):\/\/\*\.((?:[^.*/]+\.)+[^.*/]+|localhost(?::\d+)?)$/i

/** Null where an entry is no origin with a wildcard for its first label. Pure. */
export function wildcardOrigin(entry: string): Wildcard | null {
  const [whole, scheme, parent] = WILDCARD.exec(entry) ?? []
  const canonical = whole === undefined ? null : canonicalOrigin(`${scheme}://${parent}`)
  // An address has no labels.
  if (canonical === null || /^https?:\/\/[\d.]+(:|$)/.test(canonical)) return null
  const before = canonical.startsWith('https:') ? 'https://' : 'http://'
  return { before, after: `.${canonical.slice(before.length)}` }
}

function matches({ before, after }: Wildcard, origin: string): boolean {
  if (!origin.startsWith(before) || !origin.endsWith(after)) return false
  const label = origin.slice(before.length, -after.length)
  return label !== '' && !label.includes('.')
}

/** Whether an origin is of this machine, which browsers trust without TLS (Secure Contexts §3.1). Pure. */
export function isLoopbackOrigin(origin: string | undefined): boolean {
  const canonical = canonicalOrigin(origin ?? '')
  const hostname = canonical === null ? undefined : URL.parse(canonical)?.hostname
  return (
    hostname !== undefined &&
    (/^(.+\.)?localhost$/.test(hostname) || /^127\.[\d.]+$/.test(hostname) || hostname === '[::1]')
  )
}
