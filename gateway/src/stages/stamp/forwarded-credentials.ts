import type { StrippedRequest } from '../../request/stripped-request.ts'
import type { RequestHeaders } from '../../request-headers/received-headers.ts'
import type { Route } from '../../routes/entry/route.ts'
import type { TrustedIssuers } from '../../tokens/checks/trusted-issuers.ts'
import { mayHoldToken } from '../../tokens/may-hold-token.ts'
import type { VerifiedToken } from '../../tokens/verified-token.ts'

/** RFC 7617 §2: the scheme in any letter case, and one token68, in which nothing else can hide */
const BASIC = /^basic +[A-Za-z0-9+/]+={0,2}$/i

type Presented = Pick<StrippedRequest, 'authorization' | 'websocket' | 'ownCookies' | 'headers'>

/** The credentials of the client that its route forwards, as headers. */
export function forwardedCredentials(
  request: Presented,
  { credentials }: Pick<Route, 'credentials'>,
  token: VerifiedToken | null,
  issuers: Pick<TrustedIssuers, 'find'>
): RequestHeaders {
  const headers: RequestHeaders = {}
  const { authorization, ownCookies } = request
  if (credentials.includes('own-cookies') && ownCookies.length > 0) {
    const cookies = [request.headers.cookie, ...ownCookies]
    headers.cookie = cookies.filter((pair) => pair !== undefined).join('; ')
  }
  if (authorization === null) return headers
  const isOfClient = credentials.includes('client-authentication') && BASIC.test(authorization)
  const isOfOthers =
    credentials.includes('authorization') && token === null && isForeign(request, issuers)
  if (isOfClient || isOfOthers) headers.authorization = authorization
  return headers
}

/**
 * Whether an `Authorization` header is for the service of a public route, which has keys of its
 * own. A header with a token of a trusted issuer, or with a refresh token of our own auth service,
 * is never passed on, whatever its scheme: the service could use the token on every other route.
 * Neither is a credential among the subprotocols of a WebSocket.
 */
const isForeign = (
  { authorization, websocket }: Presented,
  issuers: Pick<TrustedIssuers, 'find'>
): boolean =>
  authorization !== null &&
  typeof websocket?.bearer !== 'string' &&
  !mayHoldToken(authorization, issuers)
