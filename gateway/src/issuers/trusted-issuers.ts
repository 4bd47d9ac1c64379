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
  return {
    find: (issuer) => byName.get(issuer),
    get version() {
      let all = ''
      for (const { keys } of issuers) all += `${keys.version} `
      return all
    }
  }
}
