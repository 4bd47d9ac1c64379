import type { Kysely } from 'kysely'
import { accountStore } from '../accounts/account-store.ts'
import { recipientOf } from '../accounts/email-addresses/recipient-of.ts'
import { forAccount } from '../accounts/for-account.ts'
import { isChangeVoid } from '../accounts/passwords/has-other-password.ts'
import type { Tables } from '../database/tables.ts'
import { issueToken } from '../link-tokens/link-tokens.ts'
import { hasWaitedTooLong } from '../link-tokens/longest-wait.ts'
import type { PrepareLetter } from '../mail/sending/mail-channel.ts'
import { hoursOf } from '../mail/templates/template-times.ts'

/** The new address may have an account already: then its owner learns of the attempt. */
export const prepareChangeLetter =
  (db: Kysely<Tables>, lifetimeSeconds: number): PrepareLetter =>
  async ({ email, emailTyped, from, subject, token, queuedAtMs }, nowMs) => {
    if (token === null || subject === null) return null
    if (hasWaitedTooLong(queuedAtMs, nowMs)) return null
    const accounts = accountStore(db)
    const [account, other] = [await accounts.findById(subject), await accounts.findByEmail(email)]
    if (account === null || account.disabled) return null
    // Somebody has changed the address since. An earlier version queued the letter without it.
    if (from !== undefined && from !== account.email) return null
    const { id, passwordVersion } = account
    const issued = {
      token,
      purpose: 'email-change',
      owner: { id, email, emailTyped: emailTyped ?? null, passwordVersion },
      lifetimeSeconds,
      // The link is void unless the account has this address then.
      payload: account.email
    } as const
    let isVoid = true
    await forAccount(db, id, async (transaction) => {
      // Asked while the account is locked: a later change spends the token.
      isVoid = await isChangeVoid(transaction, id, queuedAtMs)
      if (!isVoid && other === null) await issueToken(transaction, issued, nowMs)
    })
    if (isVoid) return null
    if (other !== null) return { ...recipientOf(other, {}), letter: 'already-registered' }
    return recipientOf({ email, emailTyped }, { hours: hoursOf(lifetimeSeconds) })
  }
