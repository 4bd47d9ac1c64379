import type { Kysely } from 'kysely'
import type { Account } from '../accounts/account.ts'
import { accountStore } from '../accounts/account-store.ts'
import { lockAccount } from '../accounts/lock-account.ts'
import { otherPassword } from '../accounts/passwords/other-password.ts'
import type { RequestSource } from '../audit/audit-event.ts'
import { type AuditLog, writeAudit } from '../audit/audit-log.ts'
import { endSessions } from '../database/end-sessions.ts'
import type { Tables } from '../database/tables.ts'
import { tokenInvalid } from '../link-tokens/link-refusals.ts'
import {
  findToken,
  isUsable,
  type LinkToken,
  spendTokens,
  useToken
} from '../link-tokens/link-tokens.ts'
import type { Mail } from '../mail/mail.ts'
import { noticeOf } from '../mail/notices.ts'
import type { Reader } from '../mail/queue/queued-mail.ts'

/** A valid token, and the account whose password it can set. */
type ProvenReset = { readonly token: LinkToken; readonly account: Account }

/** Passwords that their owners have forgotten. */
export type PasswordResets = {
  /**
   * Queues a letter with a token to an address, if it is that of an account. The same work for
   * every address.
   * @param email as `canonicalEmail` returns it
   * @throws Refusal UNAVAILABLE
   */
  request(email: string, reader: Reader): Promise<void>
  /**
   * Finds the account of a token. Does not use the token.
   * @throws Refusal FORBIDDEN, the same for a token that is unknown, used, expired, for something
   * else, or older than the password or the address of its account
   */
  prove(token: string, source: RequestSource): Promise<ProvenReset>
  /**
   * Sets the password, ends every session, spends every token of the account, and notifies the
   * user, in one transaction with its event.
   * @returns the sessions that had not ended: the caller must publish them to the session store
   * @throws Refusal FORBIDDEN if the token was used meanwhile
   */
  redeem(proven: ProvenReset, reset: NewPassword): Promise<string[]>
}

type NewPassword = Reader & { readonly passwordHash: string }

type ResetPorts = {
  readonly db: Kysely<Tables>
  readonly mail: Pick<Mail, 'add' | 'request'>
  readonly audit: AuditLog
  readonly clock: () => number
}

const PURPOSE = 'password-reset'

export function passwordResets(ports: ResetPorts): PasswordResets {
  const { db, mail, audit, clock } = ports
  return {
    request: (email, reader) =>
      mail.request({ letter: 'password-reset', email, subject: null, ...reader }, clock()),
    async prove(text, source) {
      const token = await findToken(db, text, PURPOSE)
      const account = token === null ? null : await accountStore(db).findById(token.subject)
      if (token !== null && account !== null && isUsable(token, clock()) && isFor(token, account)) {
        return { token, account }
      }
      const subject = account?.id ?? null
      await audit.write({ kind: 'mail-token-refused', subject, sid: null, source })
      throw tokenInvalid()
    },
    redeem: (proven, reset) =>
      db.transaction().execute((transaction) => setPassword(transaction, proven, reset, ports))
  }
}

/**
 * A token is bound to the address to which it was sent and to the password that was forgotten. So
 * it is void once one of them has changed.
 */
const isFor = (token: LinkToken, { email, passwordVersion, disabled }: Account): boolean =>
  token.email === email && token.password_version === passwordVersion && !disabled

async function setPassword(
  transaction: Kysely<Tables>,
  { token, account }: ProvenReset,
  { passwordHash, source, language }: NewPassword,
  { mail, clock }: ResetPorts
): Promise<string[]> {
  const { id, email, passwordVersion } = account
  // First, as every change of an account: two resets with different tokens wait for each other
  // here.
  await lockAccount(transaction, id)
  const nowMs = clock()
  if (!(await useToken(transaction, token, nowMs))) throw tokenInvalid()
  const { numUpdatedRows } = await transaction
    .updateTable('accounts')
    .set({
      ...otherPassword(passwordHash),
      // Its reader has proven the address.
      email_verified_at: Math.floor(nowMs / 1000)
    })
    .where('id', '=', id)
    .where('email', '=', email)
    .where('password_version', '=', passwordVersion)
    .where('disabled_at', 'is', null)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) throw tokenInvalid()
  await spendTokens(transaction, id, nowMs)
  const ended = await endSessions(transaction, id, null, nowMs)
  const detail = { ended: ended.length }
  const event = { kind: 'password-reset', subject: id, sid: null, source, detail } as const
  await writeAudit(transaction, event, nowMs)
  const notice = noticeOf('password-changed', account, { source, language }, nowMs)
  await mail.add(transaction, notice, nowMs)
  return ended
}
