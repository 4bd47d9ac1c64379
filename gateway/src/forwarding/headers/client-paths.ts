import { LONGEST_AUTHORITY } from '@gatehouse/edge-headers/longest-authority'
import { forwardedHeader } from '@gatehouse/edge-headers/names'
import { withoutOuterWhitespace } from '@gatehouse/edge-headers/optional-whitespace'
import type { Passage } from '../../request/passage.ts'
import { clientPath, servicePath } from '../../routes/service-path.ts'
import type { RouteTable } from '../../routes/table/route-table.ts'
import type { ResponseHeaders } from './passed-headers.ts'

type Responder = {
  /** the process of the service, as an origin */
  readonly address: string
  readonly table: RouteTable
}

/** Fields whose value is a reference to a resource (RFC 9110 §8.7, §10.2.2). */
const REFERENCES = ['location', 'content-location'] as const

/**
 * Seconds, and the text before the address, which may be in quotes (HTML standard, the refresh
 * header).
 */
const REFRESH = /^\d+(?:\.\d*)?[ \t]*[;,][ \t]*url[ \t]*=[ \t]*/i

/**
 * Replaces the service's own addresses and paths in response headers with those that its clients
 * use: `Location`, `Content-Location`, `Refresh`, and the paths of cookies. References to other
 * places do not change.
 */
export function clientPaths(
  headers: ResponseHeaders,
  passage: Pick<Passage, 'route' | 'target' | 'headers'>,
  responder: Responder
): void {
  const { refresh, 'set-cookie': cookies } = headers
  for (const name of REFERENCES) {
    const reference = headers[name]
    if (typeof reference === 'string') {
      headers[name] = clientReference(reference, passage, responder)
    }
  }
  if (typeof refresh === 'string') {
    headers.refresh = clientRefresh(refresh, (reference) =>
      clientReference(reference, passage, responder)
    )
  }
  if (typeof cookies === 'object') {
    headers['set-cookie'] = cookies.map((cookie) => clientCookie(cookie, passage))
  }
}

function clientRefresh(refresh: string, asClient: (reference: string) => string): string {
  const [start] = REFRESH.exec(refresh) ?? []
  if (start === undefined) return refresh
  const quoted = refresh.slice(start.length)
  const [quote = ''] = /^["']/.exec(quoted) ?? []
  const end = quoted.length - quote.length
  if (quoted.slice(end) !== quote || end < quote.length) return refresh
  return `${start}${quote}${asClient(quoted.slice(quote.length, end))}${quote}`
}

/** RFC 3986 §4.2, as browsers read it: with backslashes for slashes as well (URL Standard) */
const AUTHORITY = /^(?:https?:)?[/\\]{2}[^/\\?#]*/i
const SCHEME = /^[a-z][a-z0-9+.-]*:/i

/** Two slashes at the start, even with tabs between, which browsers ignore: a host follows. */
const LIKE_AUTHORITY = /^[/\\]\t*[/\\]/

/**
 * A path of this origin that no browser reads as a host (URL Standard, "/." before an empty first
 * segment).
 */
const asPath = (path: string): string => (LIKE_AUTHORITY.test(path) ? `/.${path}` : path)

function clientReference(
  reference: string,
  passage: Pick<Passage, 'route' | 'target' | 'headers'>,
  responder: Responder
): string {
  const { route } = passage
  const [authority] = AUTHORITY.exec(reference) ?? []
  if (authority !== undefined) {
    const rest = reference.slice(authority.length)
    const path = rest.startsWith('/') ? rest : `/${rest}`
    return isOwn(reference, path, passage, responder) ? asPath(clientPath(route, path)) : reference
  }
  if (SCHEME.test(reference)) return reference
  if (reference.startsWith('/')) return asPath(clientPath(route, reference))
  return clientRelative(reference, passage)
}

/** Whether a reference with a host points to the service that has responded. */
function isOwn(
  reference: string,
  path: string,
  passage: Pick<Passage, 'route' | 'target' | 'headers'>,
  responder: Responder
): boolean {
  const { address, table } = responder
  const { headers, route } = passage
  const origin = `${headers[forwardedHeader.proto]}://${headers[forwardedHeader.host]}`
  const url = parsed(reference, origin)
  if (url === null || url.username !== '' || url.password !== '') return false
  if (url.host === new URL(address).host) return true
  // A service that has read `x-forwarded-host`. It may mean itself, or the public path of another
  // service.
  if (url.origin !== parsed(origin)?.origin) return false
  const [named = '/'] = path.split(/[?#]/, 1)
  const owner = table.match(named)
  return owner === null || owner === route
}

/**
 * A relative reference means the same to the client and the service, with one exception: it begins
 * above the path that the route strips, or at that path itself, which has a trailing slash only for
 * the service.
 */
function clientRelative(
  reference: string,
  { route, target }: Pick<Passage, 'route' | 'target'>
): string {
  const ofService = parsed(
    reference,
    `http://host${servicePath(route, target.path)}${target.query}`
  )
  const ofClient = parsed(reference, `http://host${target.path}${target.query}`)
  if (ofService === null || ofClient === null || ofService.host !== 'host') return reference
  const meant = clientPath(route, ofService.pathname)
  return meant === ofClient.pathname
    ? reference
    : `${asPath(meant)}${ofService.search}${ofService.hash}`
}

/** A scheme or slashes, and the text that a browser may then read as a host. */
const BEFORE_HOST = /^((?:[a-z][a-z0-9+.-]*:)?[/\\]*)([^/\\?#]*)/i

/** @returns null if it is not a reference, or if its host is too long to be one */
function parsed(reference: string, base?: string): URL | null {
  // The parser ignores tabs, and spaces at the start.
  const text = reference.replaceAll('\t', '').trimStart()
  const [, start = '', host = ''] = BEFORE_HOST.exec(text) ?? []
  return start !== '' && host.length > LONGEST_AUTHORITY ? null : URL.parse(reference, base)
}

const HOST_COOKIE = /^[ \t]*__host-/i
const PATH_ATTRIBUTE = /^([ \t]*path[ \t]*=)(.*)$/is

/**
 * A cookie with the path that the client uses. A cookie named `__Host-…` does not change: browsers
 * accept it for `/` only.
 */
function clientCookie(cookie: string, { route }: Pick<Passage, 'route'>): string {
  if (HOST_COOKIE.test(cookie)) return cookie
  const [pair = '', ...attributes] = cookie.split(';')
  const mapped = attributes.map((attribute) => {
    const [, name, value = ''] = PATH_ATTRIBUTE.exec(attribute) ?? []
    const path = withoutOuterWhitespace(value)
    if (name === undefined || !path.startsWith('/')) return attribute
    const whole = clientPath(route, path)
    // A browser would not send a cookie with the path `/app/` to `/app` (RFC 6265 §5.1.4).
    return `${name}${path === '/' && whole !== '/' ? whole.replace(/\/$/, '') : whole}`
  })
  return [pair, ...mapped].join(';')
}
