import type { Kysely } from 'kysely'
import { accountStore } from '../accounts/account-store.ts'
import { recipientOf } from '../accounts/email-addresses/recipient-of.ts'
import { forAccount } from '../accounts/for-account.ts'
import { hasOtherPassword } from '../accounts/passwords/has-other-password.ts'
import type { Tables } from '../database/tables.ts'
import { issueToken, knownPage } from '../link-tokens/link-tokens.ts'
import { hasWaitedTooLong } from '../link-tokens/longest-wait.ts'
import { sealRegistration } from '../link-tokens/pending-registration.ts'
import type { PrepareLetter } from '../mail/sending/mail-channel.ts'
import { hoursOf } from '../mail/templates/template-times.ts'
import type { SealingKeys } from '../secrets/seal.ts'

/** An address that has an account already gets another letter: only its owner learns of it. */
export const prepareConfirmation =
  (db: Kysely<Tables>, lifetimeSeconds: number, sealing: SealingKeys): PrepareLetter =>
  async ({ email, token, page, registration, queuedAtMs }, nowMs) => {
    if (token === null || registration === undefined) return null
    if (hasWaitedTooLong(queuedAtMs, nowMs)) return null
    const account = await accountStore(db).findByEmail(email)
    if (account?.disabled) return null
    if (account !== null) return { ...recipientOf(account, {}), letter: 'already-registered' }
    const issued = {
      token,
      purpose: 'registration',
      owner: { id: '', email, passwordVersion: 0 },
      lifetimeSeconds,
      page,
      payload: sealRegistration(registration, sealing, email)
    } as const
    await db.transaction().execute((transaction) => issueToken(transaction, issued, nowMs))
    const { emailTyped } = registration
    return recipientOf({ email, emailTyped }, { hours: hoursOf(lifetimeSeconds) })
  }

export const prepareVerification =
  (db: Kysely<Tables>, lifetimeSeconds: number): PrepareLetter =>
  async ({ email, token, page, claimedPage, queuedAtMs }, nowMs) => {
    if (hasWaitedTooLong(queuedAtMs, nowMs)) return null
    const account = await accountStore(db).findByEmail(email)
    if (token === null || account === null || account.disabled) return null
    if (account.emailVerifiedAt !== null) return null
    if (await hasOtherPassword(db, account.id, queuedAtMs)) return null
    const issued = {
      token,
      purpose: 'email-verification',
      owner: account,
      lifetimeSeconds
    } as const
    const isThere = await forAccount(db, account.id, async (transaction) => {
      const known = page ?? (await knownPage(transaction, account, claimedPage))
      await issueToken(transaction, { ...issued, page: known }, nowMs)
    })
    if (!isThere) return null
    return recipientOf(account, { hours: hoursOf(lifetimeSeconds) })
  }
