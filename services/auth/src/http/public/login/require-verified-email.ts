import type { Account } from '../../../accounts/account.ts'
import { emailUnverified } from '../../../accounts/account-refusals.ts'
import type { AuthSettings } from '../../app-settings.ts'

/**
 * Refuses a login to an account whose address must be verified first.
 * @param addsFactor whether the login adds the first factor: a stranger who has registered the
 * address must not lock its owner out with one
 * @throws Refusal FORBIDDEN
 */
export function requireVerifiedEmail(
  { emailVerifiedAt }: Account,
  { emailVerification }: Pick<AuthSettings, 'emailVerification'>,
  addsFactor: boolean
): void {
  const isRequired = emailVerification === 'required' || (addsFactor && emailVerification !== 'off')
  if (isRequired && emailVerifiedAt === null) throw emailUnverified()
}
