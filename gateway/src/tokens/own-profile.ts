import { ACCESS_TOKEN_TYPE, AccessTokenClaims, algorithms } from '@gatehouse/access-token/claims'
import { TOKEN_SKEW_SECONDS } from '@gatehouse/access-token/clock-skew'
import { identityOfClaims } from '@gatehouse/edge-headers/identity'
import { Compile } from 'typebox/compile'
import type { TokenProfile } from './access-token-profile.ts'

export type TokenExpectation = {
  readonly issuer: string
  readonly audience: string
}

const shape = Compile(AccessTokenClaims)
const LONGEST_KID = 128

/** The tokens of our own auth service (RFC 9068): we know every member that they have. */
export function ownProfile({ issuer, audience }: TokenExpectation): TokenProfile {
  return {
    issuer,
    issuerName: null,
    tenant: null,
    skewSeconds: TOKEN_SKEW_SECONDS,
    longestToken: 8192,
    deepest: 8,
    // Whatever else a header says is not ours (RFC 8725 §3.10, §3.11).
    flawOfHeader({ alg, kid, typ, ...unknown }) {
      if (!algorithms.some((known) => known === alg)) return 'alg is not one of ours'
      if (typeof kid !== 'string' || kid.length > LONGEST_KID) return 'kid is not a short text'
      if (Object.keys(unknown).length > 0) {
        return 'the header has a member that no access token has'
      }
      return typ === ACCESS_TOKEN_TYPE ? null : 'typ is not at+jwt'
    },
    readClaims(claims) {
      if (!shape.Check(claims)) {
        return { flaw: 'the claims do not fit their schema' }
      }
      if (![claims.aud].flat().includes(audience)) return { flaw: 'another audience' }
      return {
        identity: identityOfClaims(claims, claims.exp),
        issuedAt: claims.iat,
        notBefore: Math.max(claims.nbf, claims.iat),
        authenticatedAt: claims.auth_time ?? null
      }
    }
  }
}
