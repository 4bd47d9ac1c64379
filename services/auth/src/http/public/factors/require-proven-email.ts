import type { Account } from '../../../accounts/account.ts'
import { emailUnverified } from '../../../accounts/account-refusals.ts'
import type { AuthSettings } from '../../app-settings.ts'

/**
 * Refuses to add a factor to an account whose address is not verified: a stranger who has
 * registered the address must not lock its owner out of the account.
 * @throws Refusal FORBIDDEN
 */
export function requireProvenEmail(
  { emailVerifiedAt }: Pick<Account, 'emailVerifiedAt'>,
  { emailVerification }: Pick<AuthSettings, 'emailVerification'>
): void {
  if (emailVerifiedAt === null && emailVerification !== 'off') throw emailUnverified()
}
