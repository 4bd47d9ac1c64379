import type { Kysely } from 'kysely'
import { accountStore } from '../accounts/account-store.ts'
import { recipientOf } from '../accounts/email-addresses/recipient-of.ts'
import { forAccount } from '../accounts/for-account.ts'
import { hasOtherPassword } from '../accounts/passwords/has-other-password.ts'
import { writeAudit } from '../audit/audit-log.ts'
import type { Tables } from '../database/tables.ts'
import { issueToken } from '../link-tokens/link-tokens.ts'
import { hasWaitedTooLong } from '../link-tokens/longest-wait.ts'
import type { PrepareLetter } from '../mail/sending/mail-channel.ts'
import { minutesOf } from '../mail/templates/template-times.ts'

/** The account is looked up here: the request took the same time whether there is one or not. */
export const prepareResetLetter =
  (db: Kysely<Tables>, lifetimeSeconds: number): PrepareLetter =>
  async ({ email, token, source, queuedAtMs }, nowMs) => {
    const account = await accountStore(db).findByEmail(email)
    if (account === null || account.disabled || token === null) return null
    if (hasWaitedTooLong(queuedAtMs, nowMs)) return null
    // Asked after the account was read: the token is bound to the password that it had then.
    if (await hasOtherPassword(db, account.id, queuedAtMs)) return null
    const issued = { token, purpose: 'password-reset', owner: account, lifetimeSeconds } as const
    const isThere = await forAccount(db, account.id, async (transaction) => {
      if (!(await issueToken(transaction, issued, nowMs))) return
      const about = { subject: account.id, sid: null, source }
      await writeAudit(transaction, { kind: 'password-reset-requested', ...about }, nowMs)
    })
    if (!isThere) return null
    return recipientOf(account, { minutes: minutesOf(lifetimeSeconds) })
  }
