import { asksForWebSocket } from '@gatehouse/edge-headers/asked-upgrade'
import { listMembers } from '@gatehouse/edge-headers/optional-whitespace'
import { cookiePairs, isOwnCookie } from '@gatehouse/edge-headers/own-cookies'
import { isHost } from '../paths/host.ts'
import { malformed } from '../refusals.ts'
import { type Handshake, readHandshake } from '../request/handshake.ts'
import type { RequestHead } from '../request/request-head.ts'
import type { StrippedRequest } from '../request/stripped-request.ts'
import { endsHere } from '../request-headers/ended-headers.ts'
import { isLikeOwnCookie } from '../request-headers/own-cookies.ts'
import {
  AT_MOST_ONCE,
  type RequestHeaders,
  receivedHeaders
} from '../request-headers/received-headers.ts'

/**
 * Removes what only the gateway may say to a service, and sets the credentials of the client apart.
 * @throws Refusal INVALID_REQUEST if two servers could read the request differently
 */
export function strip(raw: RequestHead): StrippedRequest {
  const received = receivedHeaders(raw.rawHeaders)
  const hasBody = announcesBody(raw, received)
  if (received.host !== undefined && !isHost(received.host))
    throw malformed('Host is not the name of a host')
  const websocket = handshakeOf(raw, received)
  const named = connectionNames(received.connection)
  const headers: RequestHeaders = {}
  for (const name in received) {
    const value = received[name]
    if (value === undefined || endsHere(name) || named?.has(name)) continue
    if (name === 'content-length' && websocket !== null) continue
    headers[name] = value
  }
  const isCookieNamed = named?.has('cookie') === true
  const { own, foreign } = splitCookies(isCookieNamed ? undefined : received.cookie)
  if (foreign !== '') headers.cookie = foreign
  return {
    method: raw.method ?? '',
    target: raw.url ?? '',
    host: received.host ?? '',
    headers,
    hasBody,
    authorization: authorizationOf(received, websocket),
    ownCookies: own,
    origin: received.origin ?? null,
    websocket
  }
}

/** An upgrade to a WebSocket; offers of other protocols are ignored. */
function handshakeOf(raw: RequestHead, received: RequestHeaders): Handshake | null {
  if (!asksForWebSocket({ headers: received, httpVersion: raw.httpVersion })) return null
  const handshake = readHandshake({ method: raw.method ?? '', headers: received })
  // Java's client announces an empty body.
  const { 'content-length': length = '0' } = received
  if (handshake === null || length !== '0') {
    throw malformed('the WebSocket handshake is not valid')
  }
  return handshake
}

/**
 * The only credential of a request.
 * @throws Refusal INVALID_REQUEST if there are two
 */
function authorizationOf(
  { authorization }: RequestHeaders,
  websocket: Handshake | null
): string | null {
  const bearer = websocket?.bearer ?? null
  if (bearer === null) return authorization ?? null
  if (authorization !== undefined) throw malformed('a token is given twice')
  return `Bearer ${bearer}`
}

/**
 * Whether there is a body. A request that could end at two places is refused, not repaired (RFC
 * 9112 §6.3).
 */
function announcesBody(raw: RequestHead, headers: RequestHeaders): boolean {
  const length = headers['content-length']
  // Over HTTP/2, the frames announce a body, and the server has noted it here.
  const coding = headers['transfer-encoding'] ?? raw.headers['transfer-encoding']
  if (length !== undefined && coding !== undefined) {
    throw malformed('the request has both Content-Length and Transfer-Encoding')
  }
  if (length !== undefined && !/^\d{1,15}$/.test(length)) {
    throw malformed('Content-Length is not a number')
  }
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    throw malformed('Transfer-Encoding must be chunked')
  }
  const hasBody = coding !== undefined || (length !== undefined && Number(length) > 0)
  if (hasBody && raw.method === 'HEAD') {
    throw malformed('a HEAD request must not have a body')
  }
  return hasBody
}

/**
 * The headers that `Connection` names belong to the client's connection and end here (RFC 9110
 * §7.6.1).
 */
function connectionNames(connection: string | undefined): ReadonlySet<string> | null {
  if (connection === undefined || connection === 'keep-alive') return null
  const names = listMembers(connection.toLowerCase())
  // `Connection` cannot remove headers that define the meaning or the framing of the request.
  return new Set(names.filter((name) => !AT_MOST_ONCE.has(name)))
}

/** Our own cookies, and the others. A cookie that only looks like ours is in neither list. */
function splitCookies(cookie: string | undefined): { own: string[]; foreign: string } {
  if (cookie === undefined) return { own: [], foreign: '' }
  const pairs = cookiePairs(cookie)
  return {
    own: pairs.filter(isOwnCookie),
    foreign: pairs.filter((pair) => pair !== '' && !isLikeOwnCookie(pair)).join('; ')
  }
}
