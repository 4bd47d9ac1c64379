import type { RequestSource } from '../audit/audit-event.ts'
import { emailTaken, invalidMember } from '../refusals.ts'
import type { Account } from './account.ts'
import type { AccountStore } from './account-store.ts'
import { canonicalEmail } from './email.ts'
import { passwordFault } from './password-rules.ts'
import type { Passwords } from './passwords.ts'

/** The owner of a new account. The schema checks the lengths. */
export type Applicant = {
  readonly email: string
  readonly password: string
  readonly roles: readonly string[]
  readonly scope: readonly string[]
}

type Options = {
  accounts: Pick<AccountStore, 'create'>
  passwords: Passwords
  clock: () => number
}

/**
 * Creates an account. Registrations and operators follow the same rules.
 * @throws Refusal INVALID_REQUEST naming the member, CONFLICT if the address is taken, UNAVAILABLE
 */
export async function registerAccount(
  { email, password, roles, scope }: Applicant,
  source: RequestSource,
  { accounts, passwords, clock }: Options
): Promise<Account> {
  const canonical = canonicalEmail(email)
  if (canonical === null) throw invalidMember('email', 'must be an e-mail address')
  const fault = await passwordFault(password, canonical)
  if (fault !== null) throw invalidMember('password', fault)

  const passwordHash = await passwords.hash(password)
  const by = { source, clock }
  const account = await accounts.create({ email: canonical, passwordHash, roles, scope }, by)
  if (account === null) throw emailTaken()
  return account
}
