import { LONGEST_AUTHORITY } from './longest-authority.ts'

/** `scheme://authority`, without user information, path, query, fragment or percent-encoding. */
const ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/([^\s/?#@\\%*]+)$/i
/** The host and port of a scheme other than HTTP: the origin of a web view or an extension. */
const OTHER_AUTHORITY = /^[a-z0-9._~-]+(?::\d{1,5})?$/i

/**
 * A WebSocket has the origin of its page (RFC 6455 §10.2). Proxies, and clients that are not
 * browsers, write its own scheme.
 */
const HTTP_SCHEME: Readonly<Record<string, string>> = {
  ws: 'http',
  wss: 'https',
  http: 'http',
  https: 'https'
}

/**
 * The canonical form of a web origin (RFC 6454 §4), so that equal origins are equal texts: lower
 * case, a host as browsers write it, no default port, and HTTP's scheme instead of WebSocket's. A
 * dot after the host makes it another origin, as in browsers. Null if it is none, and for `null`,
 * which every sandboxed page sends. Pure.
 */
export function canonicalOrigin(text: string): string | null {
  const [, scheme = '', authority = ''] = ORIGIN.exec(text) ?? []
  if (authority.length > LONGEST_AUTHORITY) return null
  const named = scheme.toLowerCase()
  const http = Object.hasOwn(HTTP_SCHEME, named) ? HTTP_SCHEME[named] : undefined
  if (http !== undefined) return URL.parse(`${http}://${authority}`)?.origin ?? null
  return OTHER_AUTHORITY.test(authority) ? `${named}://${authority.toLowerCase()}` : null
}

/** Whether two origins are the same, however they are written. Pure. */
export function isSameOrigin(one: string, other: string): boolean {
  const canonical = canonicalOrigin(one)
  return canonical !== null && canonical === canonicalOrigin(other)
}

/** Whether the origin in a request is on a list. */
export type AllowsOrigin = (origin: string | null | undefined) => origin is string

/**
 * A list of origins. `https://*.example.com` stands for every origin with one label instead of the
 * star.
 * @throws Error if an entry is neither; settings are checked before
 */
export function allowOriginsOf(list: readonly string[]): AllowsOrigin {
  const exact = new Set<string>()
  const patterns: Wildcard[] = []
  for (const entry of list) {
    const wildcard = wildcardOrigin(entry)
    const canonical = wildcard === null ? canonicalOrigin(entry) : null
    if (wildcard !== null) patterns.push(wildcard)
    else if (canonical !== null) exact.add(canonical)
    else throw new Error('an entry of the list of allowed origins is not an origin')
  }
  const isAllowed = (origin: string): boolean => {
    // In the form of browsers, which is the canonical form.
    if (exact.has(origin)) return true
    const canonical = canonicalOrigin(origin)
    if (canonical === null) return false
    return exact.has(canonical) || patterns.some((one) => matches(one, canonical))
  }
  return (origin): origin is string => typeof origin === 'string' && isAllowed(origin)
}

/** The text before and after the label that can vary. */
type Wildcard = { readonly before: string; readonly after: string }

/**
 * At least two labels after the star, or this machine: `https://*.com` would allow almost everyone.
 */
const WILDCARD = /^(https?|wss?):\/\/\*\.((?:[^.*/]+\.)+[^.*/]+|localhost(?::\d+)?)$/i

/** Null if an entry is not an origin with a wildcard as its first label. Pure. */
export function wildcardOrigin(entry: string): Wildcard | null {
  const [whole, scheme, parent] = WILDCARD.exec(entry) ?? []
  const canonical = whole === undefined ? null : canonicalOrigin(`${scheme}://${parent}`)
  // An IP address has no labels.
  if (canonical === null || /^https?:\/\/[\d.]+(:|$)/.test(canonical)) return null
  const before = canonical.startsWith('https:') ? 'https://' : 'http://'
  return { before, after: `.${canonical.slice(before.length)}` }
}

function matches({ before, after }: Wildcard, origin: string): boolean {
  if (!origin.startsWith(before) || !origin.endsWith(after)) return false
  const label = origin.slice(before.length, -after.length)
  return label !== '' && !label.includes('.')
}

/**
 * Whether an origin is on this machine, which browsers trust without TLS (Secure Contexts §3.1).
 * Pure.
 */
export function isLoopbackOrigin(origin: string | undefined): boolean {
  const canonical = canonicalOrigin(origin ?? '')
  const hostname = canonical === null ? undefined : URL.parse(canonical)?.hostname
  return (
    hostname !== undefined &&
    (/^(.+\.)?localhost$/.test(hostname) || /^127\.[\d.]+$/.test(hostname) || hostname === '[::1]')
  )
}
