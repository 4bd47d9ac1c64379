import { claimHeader } from '@gatehouse/edge-headers/names'
import { type Static, Type } from 'typebox'
import { ClaimPath } from '../../tokens/claims/claim-path.ts'
import type { NamedClaim } from '../../tokens/claims/forwarded-claims.ts'
import { forwardedClaims, forwardedClaimsOf } from '../../tokens/claims/forwarded-claims.ts'

const TokenClaims = Type.Union(
  [
    Type.Array(
      Type.String({
        title: 'the name of a claim, of letters, digits, _ and - (a map names other claims)',
        pattern: '^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?$',
        maxLength: 64
      })
    ),
    Type.Record(Type.String(), ClaimPath, {
      propertyNames: {
        title: 'the end of a header name, of lower-case letters, digits and -',
        pattern: '^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$'
      }
    })
  ],
  {
    description:
      'Claims of the token that are forwarded as x-auth-claim-<name> and in the assertion. A list names the claims; in the header names, - replaces _. A map gives each header name its claim (tenant: https://acme.example/tenant).'
  }
)

/** The members of a route that name claims of the token. */
export const claimMembers = {
  tokenClaims: Type.Optional(TokenClaims),
  forward: Type.Optional(
    forwardedClaims(
      'Claims of the token that are forwarded in headers with other names, and in the assertion (x-auth-tenant: tenant_id).'
    )
  )
}
type ClaimMembers = Static<ReturnType<typeof Type.Object<typeof claimMembers>>>

/** The claims that a route forwards by name. */
export function namedClaimsOf({ tokenClaims = [], forward }: ClaimMembers): NamedClaim[] {
  const pairs: [name: string, path: ClaimPath][] = Array.isArray(tokenClaims)
    ? tokenClaims.map((claim) => [claim.toLowerCase().replaceAll('_', '-'), [claim]])
    : Object.entries(tokenClaims)
  const named = pairs.map(([name, path]) => ({ name, header: claimHeader(name), path }))
  return [...named, ...forwardedClaimsOf(forward)]
}
