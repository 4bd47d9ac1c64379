import type { RequestSource } from '../../audit/audit-event.ts'
import type { Mail } from '../../mail/mail.ts'
import { noticeOf } from '../../mail/notices.ts'
import type { Reader } from '../../mail/queue/queued-mail.ts'
import type { Account } from '../account.ts'
import type { AccountStore, Notify } from '../account-store.ts'
import type { AccountChanges } from '../changes/account-changes.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { bothPasswords, type PasswordPair } from './password-change-proof.ts'

/** Changes of passwords, of which the owner of the account is notified in the transaction. */
export type PasswordChanges = {
  /**
   * Sets the password that a user has chosen, and ends every other session.
   * @param session the session that makes the change, which continues
   * @returns as `AccountStore.changePassword`
   * @throws Refusal UNAVAILABLE if too many passwords wait to be hashed
   */
  changePassword(
    account: Account,
    pair: PasswordPair,
    by: Reader & { readonly session: string }
  ): Promise<string[] | null>
  /**
   * Sets the password that an operator has chosen, and ends every session.
   * @returns as `AccountChanges.setPassword`
   * @throws Refusal UNAVAILABLE if too many passwords wait to be hashed
   */
  setPassword(account: Account, password: string, source: RequestSource): Promise<string[] | null>
}

type PasswordChangePorts = {
  readonly accounts: Pick<AccountStore, 'changePassword'>
  readonly changes: Pick<AccountChanges, 'setPassword'>
  readonly passwords: Passwords
  readonly mail: Pick<Mail, 'add' | 'languageFor'>
  readonly clock: () => number
}

export function passwordChanges(ports: PasswordChangePorts): PasswordChanges {
  const { accounts, changes, passwords, mail, clock } = ports
  const notifies =
    (account: Account, reader: Reader): Notify =>
    (transaction, nowMs) =>
      mail.add(transaction, noticeOf('password-changed', account, reader, nowMs), nowMs)
  return {
    async changePassword(account, pair, { session: sid, source, language }) {
      const passwordHash = await passwords.hash(pair.newPassword)
      const requestHash = await passwords.hash(bothPasswords(pair))
      const notify = notifies(account, { source, language })
      return await accounts.changePassword(account, {
        passwordHash,
        requestHash,
        sid,
        source,
        clock,
        notify
      })
    },
    async setPassword(account, password, source) {
      const passwordHash = await passwords.hash(password)
      const notify = notifies(account, { source, language: mail.languageFor(undefined) })
      return await changes.setPassword(account.id, passwordHash, { source, clock, notify })
    }
  }
}
