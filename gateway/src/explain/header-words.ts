import { gatewayHeader, IDENTITY_PREFIX, identityHeader } from '@gatehouse/edge-headers/names'
import type { Route } from '../routes/entry/route.ts'
import type { RouteTable } from '../routes/table/route-table.ts'
import type { Match } from '../stages/match.ts'
import { identityHeaderNames } from '../verify/response-headers.ts'

/** The headers that the service gets, one line each. */
export function headersOf(
  method: string,
  { audience, credentials, claims, tokenClaims, stripPrefix = '/', upstream }: Route,
  { access, provesGateway }: { access: Match['access']; provesGateway: boolean }
): string[] {
  const caller = access === 'optional' ? 'the caller, if one is signed in' : 'the caller'
  const identity = claims.map((claim) => identityHeader[claim]).join(', ')
  return [
    `the client's headers, except Authorization, the gateway's own cookies, hop-by-hop headers, headers of proxies (x-real-ip, cf-*, …) and ${IDENTITY_PREFIX}*`,
    ...(credentials.includes('own-cookies') ? ["also the gateway's own cookies"] : []),
    ...(credentials.includes('client-authentication') ? ['also Authorization: Basic'] : []),
    ...(credentials.includes('authorization') && access === 'public'
      ? [
          'also Authorization, unless it contains a token of our auth service or of an issuer in the issuer file'
        ]
      : []),
    ...(provesGateway
      ? [`${gatewayHeader}, which proves to ${upstream.name} that a gateway sent the request`]
      : []),
    ...(access === 'public' || identity === '' ? [] : [`${identity} of ${caller}`]),
    ...(access === 'public' || !claims.includes('assertion')
      ? []
      : [`${identityHeader.assertion} is for the audience ${audience}`]),
    ...(access === 'public' ? [] : tokenClaims).map(
      ({ header, path }) =>
        `${header}, the claim ${[path].flat().join(' ▸ ')} of the token, if it has one`
    ),
    'x-request-id, traceparent, x-forwarded-for, -proto, -host and -port, rewritten',
    ...(stripPrefix === '/' ? [] : [`x-forwarded-prefix: ${stripPrefix}`]),
    ...(method === 'COPY' || method === 'MOVE'
      ? ['Destination, if it is a path of the same route, as a path of the service']
      : [])
  ]
}

/** What a proxy that asks about the request gets (docs/forward-auth.md). */
export function verifiedOf(
  { route: { claims, tokenClaims }, access }: Match,
  { routes }: RouteTable,
  provesGateway: boolean
): string[] {
  const said: string[] =
    access === 'public'
      ? []
      : [...claims.map((claim) => identityHeader[claim]), ...tokenClaims.map((one) => one.header)]
  if (provesGateway) said.push(gatewayHeader)
  const empty = [...identityHeaderNames(routes, [])].filter((name) => !said.includes(name))
  return [
    `200 with ${[...said, 'authorization, cookie, x-request-id, traceparent'].join(', ')}`,
    ...(empty.length === 0 ? [] : [`and with an empty ${empty.join(', ')}`]),
    'or the same refusal as from the gateway; the size of the body is not checked'
  ]
}
