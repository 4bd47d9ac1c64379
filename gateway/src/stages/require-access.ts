import { loginTooOld, roleMissing, scopeMissing } from '../refusals.ts'
import type { Demand } from '../routes/demand-schema.ts'
import type { VerifiedToken } from '../tokens/verified-token.ts'

/** Requires all of the scopes, one of the roles, and a login that is not too old. */
export function requireAccess(
  demands: readonly Demand[],
  token: VerifiedToken | null,
  nowMs: number
): void {
  const { scope = [], roles = [] } = token?.identity ?? {}
  for (const demand of demands) {
    if (!demand.scopes.every((needed) => scope.includes(needed))) throw scopeMissing(demand.scopes)
    if (demand.roles.length > 0 && !demand.roles.some((role) => roles.includes(role))) {
      throw roleMissing()
    }
    const { maxLoginAgeSeconds } = demand
    if (maxLoginAgeSeconds !== undefined && loginAge(token, nowMs) > maxLoginAgeSeconds) {
      throw loginTooOld(maxLoginAgeSeconds)
    }
  }
}

/** in seconds; infinite if nobody has signed in */
const loginAge = (token: VerifiedToken | null, nowMs: number) =>
  nowMs / 1000 - (token?.authenticatedAt ?? Number.NEGATIVE_INFINITY)
