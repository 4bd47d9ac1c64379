import type { Account } from '../../../accounts/account.ts'
import { noSuchUser } from '../../../accounts/account-refusals.ts'
import type { AccountStore } from '../../../accounts/account-store.ts'
import { canonicalEmail } from '../../../accounts/email-addresses/email.ts'

/**
 * The user that an operator names, by id or by e-mail address.
 * @throws Refusal NOT_FOUND
 */
export async function findUser(
  accounts: Pick<AccountStore, 'findById' | 'findByEmail'>,
  name: string
): Promise<Account> {
  const email = name.includes('@') ? canonicalEmail(name) : null
  const account = email === null ? await accounts.findById(name) : await accounts.findByEmail(email)
  if (account === null) throw noSuchUser()
  return account
}
