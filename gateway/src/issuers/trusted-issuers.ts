import type { SigningKeys } from '../keys/signing-keys.ts'
import type { TokenProfile } from '../tokens/access-token-profile.ts'

/** An issuer whose tokens are taken: how they look, and the keys that they are checked with, which are no other's. */
export type TrustedIssuer = { readonly profile: TokenProfile; readonly keys: SigningKeys }

export type TrustedIssuers = {
  /** by `iss`, to the letter */
  find(issuer: string): TrustedIssuer | undefined
  /** changes whenever the key set of one of them does */
  readonly version: string
}

export function trustedIssuers(issuers: readonly TrustedIssuer[]): TrustedIssuers {
  const byName = new Map(issuers.map((one) => [one.profile.issuer, one]))
  // Asked for with each request: the tenants of one issuer have one set.
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
