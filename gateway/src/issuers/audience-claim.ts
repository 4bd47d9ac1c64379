import type { IssuerEntry } from './issuer-entry.ts'

/**
 * An entry in which `claims.audience` has the value of `audienceClaim`, if it has only the latter.
 * The schema checks the result.
 */
export function withAudienceClaim(entry: unknown): unknown {
  const { audienceClaim, claims = {} } = (entry ?? {}) as {
    audienceClaim?: unknown
    claims?: unknown
  }
  if (audienceClaim === undefined || typeof claims !== 'object') return entry
  return { ...(entry as object), claims: { audience: audienceClaim, ...claims } }
}

/** With two different values, the gateway would have to guess. */
export function audienceClaimFault({ audienceClaim, claims }: IssuerEntry): string | null {
  const steps = (path: unknown) => JSON.stringify([path].flat())
  return audienceClaim === undefined || steps(audienceClaim) === steps(claims.audience)
    ? null
    : 'audienceClaim and claims.audience name different claims'
}
