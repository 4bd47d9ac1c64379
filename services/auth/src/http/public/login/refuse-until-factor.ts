import type { Account } from '../../../accounts/account.ts'
import type { RequestSource } from '../../../audit/audit-event.ts'
import type { ProvenFirst } from '../../../factors/login/login-challenges.ts'
import type { PublicRouteOptions } from '../route.ts'
import { requireVerifiedEmail } from './require-verified-email.ts'

/**
 * Refuses a login if its first proof is not enough: with the challenge for a second factor, or
 * because the address must be verified first.
 * @throws Refusal FACTOR_REQUIRED or FORBIDDEN
 */
export async function refuseUntilFactor(
  account: Account,
  first: ProvenFirst,
  source: RequestSource,
  { factors, settings }: Pick<PublicRouteOptions, 'factors' | 'settings'>
): Promise<void> {
  const isNeeded = factors.isNeeded(account)
  requireVerifiedEmail(account, settings, account.factors === 0 && isNeeded)
  if (isNeeded) throw await factors.challenge(account, first, source)
}
