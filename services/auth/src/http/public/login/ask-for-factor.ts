import type { Account } from '../../../accounts/account.ts'
import { emailUnverified } from '../../../accounts/account-refusals.ts'
import type { RequestSource } from '../../../audit/audit-event.ts'
import type { ProvenFirst } from '../../../factors/login/login-challenges.ts'
import type { PublicRouteOptions } from '../route.ts'

/**
 * Refuses a login if its first proof is not enough: with the challenge for a second factor, or
 * because the address must be verified first.
 * @throws Refusal FACTOR_REQUIRED or FORBIDDEN
 */
export async function askForFactor(
  account: Account,
  first: ProvenFirst,
  source: RequestSource,
  { factors, settings }: Pick<PublicRouteOptions, 'factors' | 'settings'>
): Promise<void> {
  const { emailVerification } = settings
  const isNeeded = factors.isNeeded(account)
  // A stranger who has registered the address must not lock its owner out with a factor.
  const addsFactor = account.factors === 0 && isNeeded
  const mustVerify = emailVerification === 'required' || (addsFactor && emailVerification !== 'off')
  if (mustVerify && account.emailVerifiedAt === null) throw emailUnverified()
  if (isNeeded) throw await factors.challenge(account, first, source)
}
