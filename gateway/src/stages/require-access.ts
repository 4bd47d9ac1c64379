import { authenticationInsufficient, roleMissing, scopeMissing } from '../refusals.ts'
import type { Demand } from '../routes/entry/demand-schema.ts'
import type { VerifiedToken } from '../tokens/verified-token.ts'

/**
 * Requires all of the scopes, one of the roles, and an authentication that is recent and strong
 * enough.
 */
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
    requireAuthentication(demand, token, nowMs)
  }
}

/** One refusal names everything that is missing, so that the client asks its user once. */
function requireAuthentication(
  { maxLoginAgeSeconds, acrValues }: Demand,
  token: VerifiedToken | null,
  nowMs: number
): void {
  const isOld = maxLoginAgeSeconds !== undefined && loginAge(token, nowMs) > maxLoginAgeSeconds
  const acr = token?.authenticationClass ?? null
  const isWeak = acrValues.length > 0 && (acr === null || !acrValues.includes(acr))
  if (!isOld && !isWeak) return
  throw authenticationInsufficient({
    ...(isOld ? { maxAgeSeconds: maxLoginAgeSeconds } : {}),
    ...(isWeak ? { acrValues } : {})
  })
}

/** in seconds; infinite if no user has signed in */
const loginAge = (token: VerifiedToken | null, nowMs: number) =>
  nowMs / 1000 - (token?.authenticatedAt ?? Number.NEGATIVE_INFINITY)
