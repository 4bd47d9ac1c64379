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
  const who =
    access === 'optional' ? 'if the caller is signed in, who that is' : 'who the caller is'
  const identity = claims.map((claim) => identityHeader[claim]).join(', ')
  return [
    `all headers of the client, except Authorization, the cookies of the auth service, headers for one connection (connection, te, …), headers that proxies set (x-real-ip, cf-*, …) and ${IDENTITY_PREFIX}*`,
    ...(credentials.includes('own-cookies') ? ['also the cookies of the auth service'] : []),
    ...(credentials.includes('client-authentication') ? ['also Authorization: Basic'] : []),
    ...(credentials.includes('authorization') && access === 'public'
      ? [
          'also Authorization, unless it contains a token of our auth service or of an issuer in the issuer file'
        ]
      : []),
    ...(provesGateway
      ? [`${gatewayHeader}, which proves to ${upstream.name} that a gateway sent the request`]
      : []),
    ...(access === 'public' || identity === '' ? [] : [`${who}, in ${identity}`]),
    ...(access === 'public' || !claims.includes('assertion')
      ? []
      : [
          `${identityHeader.assertion} is a token that the gateway signs for the audience ${audience}: the service verifies it`
        ]),
    ...(access === 'public' ? [] : tokenClaims).map(
      ({ header, path }) =>
        `${header}: the claim ${[path].flat().join(' ▸ ')} of the access token, if it has one`
    ),
    'x-request-id, traceparent, x-forwarded-for, -proto, -host and -port, which the gateway sets',
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
    ...(empty.length === 0
      ? []
      : [`and these headers empty, so that the client cannot set them: ${empty.join(', ')}`]),
    'or the same refusal as from the gateway; the size of the body is not checked'
  ]
}
