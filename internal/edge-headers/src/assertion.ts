import type { IdentityClaims } from './identity.ts'

export const ASSERTION_ISSUER = 'gatehouse-gateway'
export const ASSERTION_TYPE = 'gatehouse-assertion+jwt'
export const ASSERTION_ALGORITHM = 'ES256'

/** The path on a gateway's ops listener of the keys for verifying assertions. */
export const GATEWAY_KEYS_PATH = '/.well-known/gateway-jwks.json'

/**
 * What a gateway signs about a request: `x-auth-assertion`. It is valid for at most a minute, and
 * for one audience.
 */
export type AssertionClaims = IdentityClaims & {
  readonly iss: typeof ASSERTION_ISSUER
  /** the name of the service: the route's `audience` */
  readonly aud: string
  /** when the access token expires, which is not the `exp` of the assertion */
  readonly token_exp: number
  /** the claims of the access token that the route names; absent if the token has none of them */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly iat: number
  readonly exp: number
}
