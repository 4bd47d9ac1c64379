import type { SigningKeys } from '../../keys/signing-keys.ts'
import type { NamedClaim } from '../claims/forwarded-claims.ts'
import type { TokenProfile } from './access-token-profile.ts'

/**
 * An issuer whose tokens the gateway accepts: their form, and its keys, which check no other
 * issuer's tokens.
 */
export type TrustedIssuer = { readonly profile: TokenProfile; readonly keys: SigningKeys }

export type TrustedIssuers = {
  /** by `iss`, character by character */
  find(issuer: string): TrustedIssuer | undefined
  /** the claims that any of them forwards to every service */
  readonly claims: readonly NamedClaim[]
}

export function trustedIssuers(issuers: readonly TrustedIssuer[]): TrustedIssuers {
  const byName = new Map(issuers.map((one) => [one.profile.issuer, one]))
  return {
    find: (issuer) => byName.get(issuer),
    claims: issuers.flatMap(({ profile }) => profile.issuerClaims)
  }
}
