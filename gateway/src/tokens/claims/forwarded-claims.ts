import { gatewayHeader, IDENTITY_PREFIX, identityHeader } from '@gatehouse/edge-headers/names'
import { Type } from 'typebox'
import { ClaimPath } from './claim-path.ts'

/** A claim that a service gets in a header, and as `claims.<name>` of the assertion. */
export type NamedClaim = {
  readonly name: string
  readonly header: string
  readonly path: ClaimPath
}

/** the headers that have a meaning of their own, without the prefix */
const taken = [...Object.values(identityHeader), gatewayHeader].map((header) =>
  header.slice(IDENTITY_PREFIX.length)
)

/**
 * Headers, each with the claim that it contains. A name without the prefix would let a client set
 * the header itself on routes that do not forward the claim.
 */
export const forwardedClaims = (description: string) =>
  Type.Record(Type.String(), ClaimPath, {
    propertyNames: {
      title: `a header that begins with ${IDENTITY_PREFIX}, of lower-case letters, digits and -, other than ${IDENTITY_PREFIX}${taken.join(', -')}`,
      pattern: `^${IDENTITY_PREFIX}(?!(?:${taken.join('|')})$)[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$`
    },
    description
  })

/** In the assertion, `x-auth-tenant` and `x-auth-claim-tenant` are both `claims.tenant`. */
export const forwardedClaimsOf = (
  headers: Readonly<Record<string, ClaimPath>> | undefined
): NamedClaim[] =>
  Object.entries(headers ?? {}).map(([header, path]) => ({
    name: header.slice(IDENTITY_PREFIX.length).replace(/^claim-(?=.)/, ''),
    header,
    path
  }))

/** With two claims under one name, the gateway would have to guess. */
export function claimNameFaults(claims: readonly NamedClaim[]): string[] {
  const seen = new Map<string, NamedClaim>()
  const faults = claims.flatMap((claim) => {
    const other = seen.get(claim.name) ?? claim
    seen.set(claim.name, other)
    if (isSameClaim(claim, other)) return []
    return other.header === claim.header
      ? [`two claims are named ${claim.header}`]
      : [`${other.header} and ${claim.header} contain different claims`]
  })
  return [...new Set(faults)]
}

/** Whether two entries read the same claim of a token. */
export const isSameClaim = (one: NamedClaim, other: NamedClaim): boolean =>
  stepsOf(one) === stepsOf(other)

const stepsOf = ({ path }: NamedClaim): string => JSON.stringify([path].flat())
