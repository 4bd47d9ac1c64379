import {
  forwardedHeader,
  gatewayHeader,
  identityHeader,
  traceHeader
} from '@gatehouse/edge-headers/names'
import {
  newTraceContext,
  readTraceparent,
  type TraceContext,
  traceparentOf
} from '@gatehouse/tracing/trace-context'
import type { Assertions } from '../assertions/assertions.ts'
import { forwardedIdentity } from '../request/forwarded-identity.ts'
import type { Hop } from '../request/hop.ts'
import type { RequestHeaders } from '../request/received-headers.ts'
import type { StrippedRequest } from '../request/stripped-request.ts'
import type { Route } from '../routes/entry/route.ts'
import { strippedPrefix } from '../routes/service-path.ts'
import { getsProof } from '../routes/takes-our-credentials.ts'
import type { NamedClaims } from '../tokens/named-claims.ts'
import type { VerifiedToken } from '../tokens/verified-token.ts'

/** RFC 7617 §2: the scheme in any letter case, and one token68, in which nothing else can hide */
const BASIC = /^basic +[A-Za-z0-9+/]+={0,2}$/i

/** What makes the headers that only the gateway may set. */
type StampOptions = { readonly assertions: Assertions; readonly namedClaims: NamedClaims }

/**
 * The headers for the service: first those that the client may set, then those that only the
 * gateway may set.
 */
export function stamp(
  request: StrippedRequest,
  route: Route,
  token: VerifiedToken | null,
  hop: Hop,
  { assertions, namedClaims }: StampOptions
): RequestHeaders {
  const headers: RequestHeaders = {
    ...request.headers,
    ...forwarded(hop),
    [traceHeader.requestId]: hop.requestId
  }
  continueTrace(headers, hop.trace)
  const prefix = strippedPrefix(route)
  if (prefix !== '') headers[forwardedHeader.prefix] = prefix
  const hasAssertion = token !== null && route.claims.includes('assertion')
  if (getsProof(route, { hasAssertion })) {
    headers[gatewayHeader] = assertions.ofGateway(route.upstream.name)
  }
  if (route.credentials.includes('own-cookies') && request.ownCookies.length > 0) {
    const cookies = [request.headers.cookie, ...request.ownCookies]
    headers.cookie = cookies.filter((pair) => pair !== undefined).join('; ')
  }
  const { authorization } = request
  if (route.credentials.includes('client-authentication') && isBasic(authorization)) {
    headers.authorization = authorization
  }
  if (token !== null) {
    const { identity, claims } = forwardedIdentity(token, route, authorization ?? '', namedClaims)
    Object.assign(headers, identity)
    if (hasAssertion) {
      headers[identityHeader.assertion] = assertions.about(token, route.audience, claims)
    }
  }
  return headers
}

const isBasic = (authorization: string | null): authorization is string =>
  authorization !== null && BASIC.test(authorization)

/**
 * A client's own claims about its address are not included, so the first address is the client's.
 */
function forwarded(hop: Hop): RequestHeaders {
  return {
    [forwardedHeader.for]: hop.addresses.join(', '),
    [forwardedHeader.proto]: hop.protocol,
    [forwardedHeader.host]: hop.host,
    [forwardedHeader.port]: String(hop.port)
  }
}

/**
 * W3C Trace Context §4.3: a trace that the client began continues. Otherwise one begins here, and a
 * `tracestate` belongs to no trace.
 */
function continueTrace(headers: RequestHeaders, own: TraceContext | null): void {
  if (own !== null) headers[traceHeader.traceparent] = traceparentOf(own)
  else if (readTraceparent(headers[traceHeader.traceparent]) === null) {
    headers[traceHeader.traceparent] = traceparentOf(newTraceContext())
    if (headers[traceHeader.tracestate] !== undefined) delete headers[traceHeader.tracestate]
  }
}
