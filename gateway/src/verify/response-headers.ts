import { gatewayHeader, identityHeader, traceHeader } from '@gatehouse/edge-headers/names'
import type { RequestHeaders } from '../request-headers/received-headers.ts'
import type { Route } from '../routes/entry/route.ts'
import type { NamedClaim } from '../tokens/claims/forwarded-claims.ts'

/**
 * Every identity header that a route of the table, or an issuer, can forward. A response contains
 * all of them, so that a proxy replaces what its client sent.
 * @param issuerClaims the claims that issuers forward to every service
 */
export const identityHeaderNames = (
  routes: readonly Pick<Route, 'tokenClaims'>[],
  issuerClaims: readonly NamedClaim[]
): ReadonlySet<string> => {
  const claims = issuerClaims.concat(routes.flatMap(({ tokenClaims }) => tokenClaims))
  const ofClaims = claims.map(({ header }) => header)
  return new Set([...Object.values(identityHeader), gatewayHeader, ...ofClaims])
}

/** The client's credentials as the service may see them: without those of the gateway. */
const credentials = ['authorization', 'cookie'] as const
const others = [...credentials, ...Object.values(traceHeader)]

/**
 * The header lines of a positive response, name and value in turn: the headers that the service
 * gets, and empty ones where it gets none.
 * @param stamped the headers for the service
 */
export function headerLines(
  identity: ReadonlySet<string>,
  stamped: Readonly<RequestHeaders>
): string[] {
  const lines = ['cache-control', 'no-store', 'content-length', '0']
  for (const name of identity) lines.push(name, stamped[name] ?? '')
  for (const name of others) lines.push(name, stamped[name] ?? '')
  return lines
}
