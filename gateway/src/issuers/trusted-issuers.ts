import type { SigningKeys } from '../keys/signing-keys.ts'
import type { TokenProfile } from '../tokens/access-token-profile.ts'

/**
 * An issuer whose tokens the gateway accepts: their form, and its keys, which check no other
 * issuer's tokens.
 */
export type TrustedIssuer = { readonly profile: TokenProfile; readonly keys: SigningKeys }

export type TrustedIssuers = {
  /** by `iss`, character by character */
  find(issuer: string): TrustedIssuer | undefined
  /** changes whenever one of the key sets changes */
  readonly version: string
}

export function trustedIssuers(issuers: readonly TrustedIssuer[]): TrustedIssuers {
  const byName = new Map(issuers.map((one) => [one.profile.issuer, one]))
  // Read for each request. The tenants of one issuer share one set.
  const sets = new Set(issuers.map(({ keys }) => keys))
  return {
    find: (issuer) => byName.get(issuer),
    get version() {
      let all = ''
      for (const keys of sets) all += `${keys.version} `
      return all
    }
  }
}
