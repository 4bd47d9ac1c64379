import type { IdentityClaims } from './identity.ts'

export const ASSERTION_ISSUER = 'gatehouse-gateway'
export const ASSERTION_TYPE = 'gatehouse-assertion+jwt'
export const ASSERTION_ALGORITHM = 'ES256'

/** Where a gateway's ops listener publishes the keys that assertions are verified with. */
export const GATEWAY_KEYS_PATH = '/.well-known/gateway-jwks.json'

/** What a gateway signs about a request: `x-auth-assertion`. It lives a minute at most, and is for one route's name. */
export type AssertionClaims = IdentityClaims & {
  readonly iss: typeof ASSERTION_ISSUER
  /** the route's name */
  readonly aud: string
  /** when the access token ends: not to be taken for the assertion's own `exp` */
  readonly token_exp: number
  /** the claims of the access token that the route names, by those names; absent where it has none of them */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly iat: number
  readonly exp: number
}
