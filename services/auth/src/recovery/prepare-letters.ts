import type { Kysely } from 'kysely'
import { accountStore } from '../accounts/account-store.ts'
import { writeAudit } from '../audit/audit-log.ts'
import type { Tables } from '../database/tables.ts'
import type { PrepareLetter, PrepareLetters } from '../mail/mail-channel.ts'
import { issueToken } from '../mail/mail-tokens.ts'

/** To whom each letter goes. */
export const prepareLetters = (
  db: Kysely<Tables>,
  options: { readonly resetSeconds: number }
): PrepareLetters => ({
  'password-reset': passwordReset(db, options.resetSeconds),
  'password-changed': aboutAccount(db)
})

/** The account is looked up here: the request took the same time whether there is one or not. */
const passwordReset =
  (db: Kysely<Tables>, lifetimeSeconds: number): PrepareLetter =>
  async ({ email, token, source }, nowMs) => {
    const account = await accountStore(db).findByEmail(email)
    if (account === null || account.disabled || token === null) return null
    await db.transaction().execute(async (transaction) => {
      const issued = { token, purpose: 'password-reset', owner: account, lifetimeSeconds } as const
      if (!(await issueToken(transaction, issued, nowMs))) return
      const about = { subject: account.id, sid: null, source }
      await writeAudit(transaction, { kind: 'password-reset-requested', ...about }, nowMs)
    })
    return { email: account.email, values: { minutes: String(Math.floor(lifetimeSeconds / 60)) } }
  }

/**
 * Tells an account of a change, at the address that it had then. A deleted account gets no letter.
 */
const aboutAccount =
  (db: Kysely<Tables>): PrepareLetter =>
  async ({ email, subject }) => {
    const account = subject === null ? null : await accountStore(db).findById(subject)
    return account === null ? null : { email, values: {} }
  }
