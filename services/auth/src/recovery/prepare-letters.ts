import type { Kysely } from 'kysely'
import { accountStore } from '../accounts/account-store.ts'
import type { AuditKind } from '../audit/audit-event.ts'
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

/**
 * A letter with a link that has waited longer is not sent: all of its attempts have failed, and an
 * operator retries it. Its link may have been used after the first attempt, and that it was used is
 * forgotten a day after it has expired.
 */
const LONGEST_WAIT_MS = 12 * 3_600_000

/** The account is looked up here: the request took the same time whether there is one or not. */
const passwordReset =
  (db: Kysely<Tables>, lifetimeSeconds: number): PrepareLetter =>
  async ({ email, token, source, queuedAtMs }, nowMs) => {
    const account = await accountStore(db).findByEmail(email)
    if (account === null || account.disabled || token === null) return null
    if (nowMs - queuedAtMs > LONGEST_WAIT_MS) return null
    // Asked after the account was read: the token is bound to the password that it had then.
    if (await hasNewPassword(db, account.id, queuedAtMs)) return null
    await db.transaction().execute(async (transaction) => {
      const issued = { token, purpose: 'password-reset', owner: account, lifetimeSeconds } as const
      if (!(await issueToken(transaction, issued, nowMs))) return
      const about = { subject: account.id, sid: null, source }
      await writeAudit(transaction, { kind: 'password-reset-requested', ...about }, nowMs)
    })
    return { email: account.email, values: { minutes: String(Math.floor(lifetimeSeconds / 60)) } }
  }

const setsPassword: AuditKind[] = ['password-changed', 'password-set', 'password-reset']

/**
 * Whether the password was set since then. A letter that was asked for before that may have waited
 * for the server, and its link would be for the new password.
 */
async function hasNewPassword(
  db: Kysely<Tables>,
  subject: string,
  sinceMs: number
): Promise<boolean> {
  const event = await db
    .selectFrom('audit_events')
    .select('kind')
    .where('subject', '=', subject)
    .where('at_ms', '>=', sinceMs)
    .where('kind', 'in', setsPassword)
    .limit(1)
    .executeTakeFirst()
  return event !== undefined
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
