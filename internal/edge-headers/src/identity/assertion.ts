import type { IdentityClaims } from './identity.ts'

export const ASSERTION_ISSUER = 'gatehouse-gateway'
export const ASSERTION_TYPE = 'gatehouse-assertion+jwt'
export const ASSERTION_ALGORITHM = 'ES256'
/** how far the clocks of a gateway and a service may differ */
export const ASSERTION_SKEW_SECONDS = 5

/** The path on a gateway's ops listener of the keys for verifying assertions. */
export const GATEWAY_KEYS_PATH = '/.well-known/gateway-jwks.json'

/** The service that acts for the subject, and those that acted before it (RFC 8693 §4.1). */
type ActClaim = { readonly sub: string; readonly act?: ActClaim }

/**
 * What the auth service must know of the access token behind an assertion to exchange the assertion
 * (RFC 8693). The members have the names and the meaning of the token's claims.
 */
export type AssertedToken = {
  readonly kid: string
  readonly iat: number
  readonly rights_version?: number
  readonly auth_time?: number
  readonly acr?: string
  readonly delegation?: { readonly keys: readonly string[]; readonly rights: readonly number[] }
}

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
  /** absent if the subject itself is calling */
  readonly act?: ActClaim
  /** absent for a token of another issuer, which cannot be exchanged */
  readonly token?: AssertedToken
  /** the claims of the access token that the route names; absent if the token has none of them */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly iat: number
  readonly exp: number
}
