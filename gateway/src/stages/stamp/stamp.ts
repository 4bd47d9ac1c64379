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
import type { Assertions } from '../../assertions/assertions.ts'
import type { Hop } from '../../request/hop.ts'
import type { StrippedRequest } from '../../request/stripped-request.ts'
import type { RequestHeaders } from '../../request-headers/received-headers.ts'
import type { Route } from '../../routes/entry/route.ts'
import { strippedPrefix } from '../../routes/service-path.ts'
import { getsProof } from '../../routes/takes-our-credentials.ts'
import type { TrustedIssuers } from '../../tokens/checks/trusted-issuers.ts'
import type { NamedClaims } from '../../tokens/named-claims.ts'
import type { VerifiedToken } from '../../tokens/verified-token.ts'
import { forwardedCredentials } from './forwarded-credentials.ts'
import { forwardedIdentity } from './forwarded-identity.ts'

/** What makes the headers that only the gateway may set. */
type StampOptions = {
  readonly assertions: Assertions
  readonly namedClaims: NamedClaims
  /** the issuers whose tokens no service gets */
  readonly issuers: Pick<TrustedIssuers, 'find'>
}

/**
 * The headers for the service: first those that the client may set, then those that only the
 * gateway may set.
 */
export function stamp(
  request: StrippedRequest,
  route: Route,
  token: VerifiedToken | null,
  hop: Hop,
  { assertions, namedClaims, issuers }: StampOptions
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
  if (route.credentials.length > 0) {
    Object.assign(headers, forwardedCredentials(request, route, token, issuers))
  }
  if (token !== null) {
    const { identity, claims } = forwardedIdentity(
      token,
      route,
      request.authorization ?? '',
      namedClaims
    )
    Object.assign(headers, identity)
    if (hasAssertion) {
      headers[identityHeader.assertion] = assertions.about(token, route.audience, claims)
    }
  }
  return headers
}

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
