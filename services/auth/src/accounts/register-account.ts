import type { RequestSource } from '../audit/audit-event.ts'
import { invalidMember } from '../refusals.ts'
import type { Account } from './account.ts'
import { emailTaken } from './account-refusals.ts'
import type { AccountStore } from './account-store.ts'
import { canonicalEmail, typedEmail } from './email-addresses/email.ts'
import { passwordFault } from './passwords/password-rules.ts'
import type { Passwords } from './passwords/passwords.ts'

/** The owner of a new account. The schema checks the lengths. */
export type Applicant = {
  readonly email: string
  readonly password: string
  readonly roles: readonly string[]
  readonly scope: readonly string[]
  /** as `NewAccount` has it */
  readonly emailVerified?: boolean
}

type Options = {
  readonly accounts: Pick<AccountStore, 'create'>
  readonly passwords: Passwords
  readonly clock: () => number
}

/**
 * Creates an account. Registrations and operators follow the same rules.
 * @throws Refusal INVALID_REQUEST naming the member, CONFLICT if the address is taken, UNAVAILABLE
 */
export async function registerAccount(
  applicant: Applicant,
  source: RequestSource,
  { accounts, passwords, clock }: Options
): Promise<Account> {
  const { roles, scope, emailVerified = false } = applicant
  const credentials = await checkedCredentials(applicant, passwords)
  const newcomer = { ...credentials, roles, scope, emailVerified }
  const account = await accounts.create(newcomer, { source, clock })
  if (account === null) throw emailTaken()
  return account
}

/**
 * The address and the hash of the password, by the rules for new accounts.
 * @throws Refusal as `registerAccount`, except for CONFLICT
 */
export async function checkedCredentials(
  { email, password }: Pick<Applicant, 'email' | 'password'>,
  passwords: Passwords
): Promise<Pick<Account, 'email' | 'emailTyped' | 'passwordHash'>> {
  const canonical = canonicalEmail(email)
  if (canonical === null) throw invalidMember('email', 'must be an e-mail address')
  const fault = await passwordFault(password, canonical)
  if (fault !== null) throw invalidMember('password', fault)
  const passwordHash = await passwords.hash(password)
  return { email: canonical, emailTyped: typedEmail(email), passwordHash }
}
