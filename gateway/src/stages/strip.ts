import type { IncomingMessage } from 'node:http'
import { forwardedHeader, isIdentityName } from '@gatehouse/edge-headers/names'
import { REFRESH_COOKIE } from '@gatehouse/edge-headers/refresh-cookie'
import { malformed, tooManyHeaders } from '../refusals.ts'

export type RequestHeaders = Record<string, string>

/** A request without anything that could pass for what only the gateway may say, its credentials set apart. */
export type StrippedRequest = {
  readonly method: string
  /** as it stands in the request line */
  readonly target: string
  /** what a service may see, by lower-case name */
  readonly headers: Readonly<RequestHeaders>
  /** the `Authorization` header */
  readonly authorization: string | null
  /** the gateway's own cookies, as `name=value` */
  readonly ownCookies: readonly string[]
  /** what a trusted proxy may have said of the hops before it */
  readonly forwardedFor: string | null
}

const MAX_HEADER_LINES = 100

/** Headers of one connection, not of the request (RFC 9110 §7.6.1), and `expect`, which the server has already met. */
const HOP_BY_HOP = new Set([
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade'
])

/** What the gateway writes itself, for every service. */
const REWRITTEN = new Set<string>([
  ...Object.values(forwardedHeader),
  'forwarded',
  'host',
  'x-forwarded-port',
  'x-forwarded-server',
  'x-http-method-override',
  'x-original-url',
  'x-real-ip',
  'x-rewrite-url'
])

/** Two of these contradict each other, and which of them counts would differ from server to server. */
const AT_MOST_ONCE = new Set([
  'authorization',
  'content-length',
  'content-type',
  'host',
  'origin',
  'sec-fetch-site'
])

export function strip(raw: IncomingMessage): StrippedRequest {
  const received = collect(raw.rawHeaders)
  refuseAmbiguousBody(raw.method ?? '', received)
  const named = connectionNames(received.connection)
  const headers: RequestHeaders = {}
  for (const [name, value] of Object.entries(received)) {
    const dropped =
      isIdentityName(name) || HOP_BY_HOP.has(name) || REWRITTEN.has(name) || named.has(name)
    if (!dropped) headers[name] = value
  }

  const { authorization, cookie, ...passed } = headers
  const { own, foreign } = splitCookies(cookie ?? '')
  return {
    method: raw.method ?? '',
    target: raw.url ?? '',
    headers: foreign === '' ? passed : { ...passed, cookie: foreign },
    authorization: received.authorization ?? null,
    ownCookies: own,
    forwardedFor: received[forwardedHeader.for] ?? null
  }
}

/** The header lines by lower-case name, repeated ones joined (RFC 9110 §5.3). */
function collect(rawHeaders: readonly string[]): RequestHeaders {
  if (rawHeaders.length > MAX_HEADER_LINES * 2) throw tooManyHeaders()
  const headers: RequestHeaders = Object.create(null)
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    const value = rawHeaders[index + 1] ?? ''
    const earlier = headers[name]
    if (earlier === undefined) headers[name] = value
    else if (AT_MOST_ONCE.has(name)) throw malformed(`${name} twice`, `${name} is given twice`)
    else headers[name] = `${earlier}${name === 'cookie' ? '; ' : ', '}${value}`
  }
  return headers
}

/** What could end the request at two places is refused, not repaired (RFC 9112 §6.3). */
function refuseAmbiguousBody(method: string, headers: RequestHeaders): void {
  const length = headers['content-length']
  const coding = headers['transfer-encoding']
  if (length !== undefined && coding !== undefined) {
    throw malformed('both framings', 'Content-Length and Transfer-Encoding exclude each other')
  }
  if (length !== undefined && !/^\d{1,15}$/.test(length)) {
    throw malformed('content-length', 'Content-Length is not a number')
  }
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    throw malformed('transfer-encoding', 'Transfer-Encoding must be chunked')
  }
  const hasBody = coding !== undefined || (length !== undefined && Number(length) > 0)
  if (hasBody && (method === 'GET' || method === 'HEAD')) {
    throw malformed(`${method} with a body`, `a ${method} request has no body`)
  }
}

/** The headers that `Connection` names belong to the client's connection and end here (RFC 9110 §7.6.1). */
function connectionNames(connection: string | undefined): ReadonlySet<string> {
  const names = (connection ?? '').split(',').map((name) => name.trim().toLowerCase())
  // It cannot name away what the request means or how it is framed.
  return new Set(names.filter((name) => name !== '' && !AT_MOST_ONCE.has(name)))
}

function splitCookies(cookie: string): { own: string[]; foreign: string } {
  const pairs = cookie.split(';').map((pair) => pair.trim())
  const isOwn = (pair: string) => pair.split('=', 1)[0]?.trim() === REFRESH_COOKIE
  return {
    own: pairs.filter(isOwn),
    foreign: pairs.filter((pair) => pair !== '' && !isOwn(pair)).join('; ')
  }
}
