import type { Kysely } from 'kysely'
import { accountStore } from './accounts/account-store.ts'
import { isTyped } from './accounts/email.ts'
import { lockAccount } from './accounts/lock-account.ts'
import type { AuditKind } from './audit/audit-event.ts'
import { writeAudit } from './audit/audit-log.ts'
import type { Tables } from './database/tables.ts'
import type { SealingKeys } from './keys/seal.ts'
import { issueToken } from './link-tokens/link-tokens.ts'
import { sealRegistration } from './link-tokens/pending-registration.ts'
import type { PrepareLetter, PrepareLetters, Recipient } from './mail/mail-channel.ts'

type LetterOptions = {
  readonly resetSeconds: number
  readonly verificationSeconds: number
  readonly sealing: SealingKeys
}

/** To whom each letter goes. */
export const prepareLetters = (db: Kysely<Tables>, options: LetterOptions): PrepareLetters => ({
  'confirm-registration': confirmRegistration(db, options),
  'verify-email': verifyEmail(db, options),
  'already-registered': aboutAccount(db),
  invitation: async (mail) => recipientOf(mail, {}),
  'new-device': aboutAccount(db),
  'session-replayed': aboutAccount(db),
  'change-email': changeEmail(db, options),
  'email-changed': aboutAccount(db),
  'password-reset': passwordReset(db, options.resetSeconds),
  'password-changed': aboutAccount(db),
  'factor-added': aboutAccount(db),
  'factor-removed': aboutAccount(db),
  'recovery-code-used': aboutAccount(db)
})

/** A typed address that is not the one in `email` belongs to an earlier address. */
const recipientOf = (
  {
    email,
    emailTyped
  }: { readonly email: string; readonly emailTyped?: string | null | undefined },
  values: Recipient['values']
): Recipient => ({ email, emailTyped: isTyped(emailTyped, email) ? emailTyped : null, values })

/**
 * A letter with a link that has waited longer is not sent: all of its attempts have failed, and an
 * operator retries it. Its link may have been used after the first attempt, and that it was used is
 * forgotten a day after it has expired.
 */
const LONGEST_WAIT_MS = 12 * 3_600_000

/**
 * Work for an account that was found before. If it is erased at this moment, nothing that has its
 * address may be written.
 * @returns whether the account is there
 */
const forAccount = (
  db: Kysely<Tables>,
  id: string,
  work: (transaction: Kysely<Tables>) => Promise<unknown>
): Promise<boolean> =>
  db.transaction().execute(async (transaction) => {
    const isThere = await lockAccount(transaction, id)
    if (isThere) await work(transaction)
    return isThere
  })

/** The account is looked up here: the request took the same time whether there is one or not. */
const passwordReset =
  (db: Kysely<Tables>, lifetimeSeconds: number): PrepareLetter =>
  async ({ email, token, source, queuedAtMs }, nowMs) => {
    const account = await accountStore(db).findByEmail(email)
    if (account === null || account.disabled || token === null) return null
    if (nowMs - queuedAtMs > LONGEST_WAIT_MS) return null
    // Asked after the account was read: the token is bound to the password that it had then.
    if (await hasNewPassword(db, account.id, queuedAtMs)) return null
    const issued = { token, purpose: 'password-reset', owner: account, lifetimeSeconds } as const
    const isThere = await forAccount(db, account.id, async (transaction) => {
      if (!(await issueToken(transaction, issued, nowMs))) return
      const about = { subject: account.id, sid: null, source }
      await writeAudit(transaction, { kind: 'password-reset-requested', ...about }, nowMs)
    })
    if (!isThere) return null
    return recipientOf(account, { minutes: String(Math.floor(lifetimeSeconds / 60)) })
  }

const setsPassword: AuditKind[] = [
  'password-changed',
  'password-set',
  'password-reset',
  'email-verified',
  'email-change-undone'
]

/**
 * Whether the password was set, or ended, since then. A letter that was asked for before that may
 * have waited for the server, and its link would be for the new password.
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

const hoursOf = (seconds: number): string => String(Math.floor(seconds / 3600))

/** An address that has an account already gets another letter: only its owner learns of it. */
const confirmRegistration =
  (db: Kysely<Tables>, { verificationSeconds, sealing }: LetterOptions): PrepareLetter =>
  async ({ email, token, page, registration, queuedAtMs }, nowMs) => {
    if (token === null || registration === undefined) return null
    if (nowMs - queuedAtMs > LONGEST_WAIT_MS) return null
    const account = await accountStore(db).findByEmail(email)
    if (account?.disabled) return null
    if (account !== null) return { ...recipientOf(account, {}), letter: 'already-registered' }
    const issued = {
      token,
      purpose: 'registration',
      owner: { id: '', email, passwordVersion: 0 },
      lifetimeSeconds: verificationSeconds,
      page,
      payload: sealRegistration(registration, sealing, email)
    } as const
    await db.transaction().execute((transaction) => issueToken(transaction, issued, nowMs))
    const { emailTyped } = registration
    return recipientOf({ email, emailTyped }, { hours: hoursOf(verificationSeconds) })
  }

const verifyEmail =
  (db: Kysely<Tables>, { verificationSeconds }: LetterOptions): PrepareLetter =>
  async ({ email, token, page, queuedAtMs }, nowMs) => {
    if (nowMs - queuedAtMs > LONGEST_WAIT_MS) return null
    const account = await accountStore(db).findByEmail(email)
    if (token === null || account === null || account.disabled) return null
    if (account.emailVerifiedAt !== null) return null
    if (await hasNewPassword(db, account.id, queuedAtMs)) return null
    const issued = {
      token,
      purpose: 'email-verification',
      owner: account,
      lifetimeSeconds: verificationSeconds,
      page
    } as const
    const isThere = await forAccount(db, account.id, (transaction) =>
      issueToken(transaction, issued, nowMs)
    )
    if (!isThere) return null
    return recipientOf(account, { hours: hoursOf(verificationSeconds) })
  }

/** The new address may have an account already: then its owner learns of the attempt. */
const changeEmail =
  (db: Kysely<Tables>, { verificationSeconds }: LetterOptions): PrepareLetter =>
  async ({ email, emailTyped, subject, token, queuedAtMs }, nowMs) => {
    if (token === null || subject === null) return null
    if (nowMs - queuedAtMs > LONGEST_WAIT_MS) return null
    const accounts = accountStore(db)
    const [account, other] = [await accounts.findById(subject), await accounts.findByEmail(email)]
    if (account === null || account.disabled) return null
    if (await hasNewPassword(db, account.id, queuedAtMs)) return null
    if (other !== null) return { ...recipientOf(other, {}), letter: 'already-registered' }
    const { id, passwordVersion } = account
    const issued = {
      token,
      purpose: 'email-change',
      owner: { id, email, emailTyped: emailTyped ?? null, passwordVersion },
      lifetimeSeconds: verificationSeconds,
      payload: account.email
    } as const
    const isThere = await forAccount(db, id, (transaction) =>
      issueToken(transaction, issued, nowMs)
    )
    if (!isThere) return null
    return recipientOf({ email, emailTyped }, { hours: hoursOf(verificationSeconds) })
  }

/**
 * Tells an account of a change, at the address that it had then. A deleted account gets no letter.
 */
const aboutAccount =
  (db: Kysely<Tables>): PrepareLetter =>
  async (mail) => {
    const { subject } = mail
    const account = subject === null ? null : await accountStore(db).findById(subject)
    return account === null ? null : recipientOf(mail, {})
  }
