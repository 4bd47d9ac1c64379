import { AccessTokenClaims } from '@gatehouse/access-token/claims'
import { TOKEN_SKEW_SECONDS } from '@gatehouse/access-token/clock-skew'
import { delegationOf } from '@gatehouse/access-token/delegation'
import { flawOfOwnHeader, OWN_DEEPEST, OWN_LONGEST_TOKEN } from '@gatehouse/access-token/own-form'
import { identityOfClaims } from '@gatehouse/edge-headers/identity'
import { Compile } from 'typebox/compile'
import type { TokenProfile } from './access-token-profile.ts'

type TokenExpectation = {
  readonly issuer: string
  readonly audience: string
}

const shape = Compile(AccessTokenClaims)

/** The tokens of our own auth service (RFC 9068). Every member is known. */
export function ownProfile({ issuer, audience }: TokenExpectation): TokenProfile {
  return {
    issuer,
    issuerName: null,
    issuerClaims: [],
    skewSeconds: TOKEN_SKEW_SECONDS,
    longestToken: OWN_LONGEST_TOKEN,
    deepest: OWN_DEEPEST,
    acceptsKeyOf: () => true,
    flawOfHeader: flawOfOwnHeader,
    readClaims(claims) {
      if (!shape.Check(claims)) {
        return { flaw: 'the claims do not fit their schema' }
      }
      const delegation = delegationOf(claims, audience)
      if (delegation === undefined) return { flaw: 'the audience or the actor is wrong' }
      return {
        identity: identityOfClaims(claims, claims.exp),
        issuedAt: claims.iat,
        rightsVersion: claims.rights_version ?? null,
        delegation,
        generation: claims.session_generation ?? null,
        notBefore: Math.max(claims.nbf, claims.iat),
        authenticatedAt: claims.auth_time ?? null,
        authenticationClass: claims.acr ?? null
      }
    }
  }
}
