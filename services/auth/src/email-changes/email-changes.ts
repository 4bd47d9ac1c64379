import type { Kysely } from 'kysely'
import type { Account } from '../accounts/account.ts'
import { accountStore } from '../accounts/account-store.ts'
import { cancelDeletion } from '../accounts/changes/cancel-deletion.ts'
import type { Change } from '../accounts/changes/change.ts'
import { replaceRights } from '../accounts/changes/replace-rights.ts'
import { lockAccount } from '../accounts/lock-account.ts'
import { hasEndedSession } from '../accounts/passwords/has-other-password.ts'
import { otherPassword } from '../accounts/passwords/other-password.ts'
import { writeAudit } from '../audit/audit-log.ts'
import { endSessions } from '../database/end-sessions.ts'
import { isOpenSession } from '../database/is-open-session.ts'
import { isUniqueViolation } from '../database/statements/unique-violation.ts'
import type { Tables } from '../database/tables.ts'
import { DAY_SECONDS } from '../day.ts'
import { tokenInvalid } from '../link-tokens/link-refusals.ts'
import {
  findToken,
  issueToken,
  type LinkToken,
  newToken,
  spendTokens,
  useToken
} from '../link-tokens/link-tokens.ts'
import { isReserved, spendUndos, undoExpiry, undoOrder } from '../link-tokens/undo-links.ts'
import type { Mail } from '../mail/mail.ts'
import { noticeOf } from '../mail/notices.ts'
import type { Reader } from '../mail/queue/queued-mail.ts'
import { resetTokenFor } from '../password-resets/reset-token.ts'

/** Users who change their e-mail address. */
export type EmailChanges = {
  /**
   * Queues a letter with a link to the new address. Nothing changes until its link is opened. The
   * same work for an address that another account has.
   * @param by the user, and the session that asks for it
   * @returns false if the session has ended
   * @throws Refusal UNAVAILABLE
   */
  request(
    account: Account,
    address: Pick<Account, 'email' | 'emailTyped'>,
    by: Reader & { readonly sid: string }
  ): Promise<boolean>
  /**
   * Replaces the address, and sends the previous one a link that undoes the change.
   * @returns the account
   * @throws Refusal FORBIDDEN, the same for every cause
   */
  confirm(token: string, change: Change & Pick<Reader, 'language'>): Promise<string>
  /**
   * Restores the previous address. Ends every session, removes the password, and revokes the links
   * that undo later changes, because somebody else may have changed the address.
   * @returns the account, the sessions that had not ended, and a token that sets a password
   * @throws Refusal FORBIDDEN, the same for every cause
   */
  undo(
    token: string,
    change: Change
  ): Promise<{
    readonly id: string
    readonly ended: readonly string[]
    readonly resetToken: string
  }>
}

/** for how long the previous address of an account can undo a change */
export const UNDO_DAYS = 7

type EmailChangePorts = {
  readonly db: Kysely<Tables>
  readonly mail: Pick<Mail, 'add' | 'request'>
  readonly resetSeconds: number
  readonly clock: () => number
}

export function emailChanges(ports: EmailChangePorts): EmailChanges {
  const { db, mail, clock } = ports
  const inTransaction = async <Result>(
    work: (transaction: Kysely<Tables>) => Promise<Result>
  ): Promise<Result> => {
    try {
      return await db.transaction().execute(work)
    } catch (error) {
      // Another account has the address by now.
      throw isUniqueViolation(error) ? tokenInvalid() : error
    }
  }
  return {
    async request({ id }, { email, emailTyped }, { sid, ...reader }) {
      const asked = await db.transaction().execute(async (transaction) => {
        await lockAccount(transaction, id)
        const account = await accountStore(transaction).findById(id)
        const atMs = clock()
        const isOpen = await isOpenSession(transaction, { subject: id, sid }, atMs)
        return isOpen && account !== null ? { from: account.email, atMs } : null
      })
      if (asked === null) return false
      // From then on, other changes of the account make the letter void (`isChangeVoid`).
      const letter = { letter: 'change-email', email, emailTyped, subject: id } as const
      await mail.request({ ...letter, from: asked.from, ...reader }, asked.atMs)
      return true
    },
    async confirm(text, change) {
      const token = await findToken(db, text, 'email-change')
      if (token === null) throw tokenInvalid()
      await inTransaction((transaction) => confirmChange(transaction, { ...ports, token, change }))
      return token.subject
    },
    async undo(text, change) {
      const token = await findToken(db, text, 'email-undo')
      if (token === null) throw tokenInvalid()
      return await inTransaction((transaction) =>
        undoChange(transaction, { ...ports, token, change })
      )
    }
  }
}

type Work<By extends Change> = EmailChangePorts & { readonly token: LinkToken; readonly change: By }

/**
 * Uses a token of an account, which it locks.
 * @throws Refusal FORBIDDEN
 */
async function used(
  transaction: Kysely<Tables>,
  token: LinkToken,
  nowMs: () => number
): Promise<Account> {
  await lockAccount(transaction, token.subject)
  const account = await accountStore(transaction).findById(token.subject)
  const isUsed = await useToken(transaction, token, nowMs())
  if (!isUsed || account === null || account.disabled) throw tokenInvalid()
  return account
}

/** The account gets the address of the token. Its reader has proven it. */
const addressIn = ({ email, email_typed }: LinkToken, nowMs: number) => ({
  email,
  email_typed,
  email_verified_at: Math.floor(nowMs / 1000)
})

async function confirmChange(
  transaction: Kysely<Tables>,
  { mail, token, change }: Work<Change & Pick<Reader, 'language'>>
): Promise<void> {
  const { clock, source, language } = change
  const account = await used(transaction, token, clock)
  // The token is void once the password or the address has changed, or a session was ended.
  const isSame =
    account.email === token.payload && account.passwordVersion === token.password_version
  if (!isSame) throw tokenInvalid()
  if (await hasEndedSession(transaction, account.id, token.created_at_ms)) throw tokenInvalid()
  const nowMs = clock()
  const rights = addressIn(token, nowMs)
  await replaceRights(transaction, account.id, rights, 'email-changed', change)
  // Checked after the update, which may have waited for an account that gives up the address.
  const isKept = await isReserved(transaction, { email: token.email, owner: account.id }, nowMs)
  if (isKept) throw tokenInvalid()
  await spendTokens(transaction, account.id, nowMs)
  const lifetimeSeconds = await undoSeconds(transaction, account.id, token.email, nowMs)
  const undo = {
    token: newToken(),
    purpose: 'email-undo',
    owner: account,
    lifetimeSeconds,
    payload: undoOrder(account.rightsVersion)
  } as const
  await issueToken(transaction, undo, nowMs)
  const days = { days: String(Math.max(1, Math.floor(lifetimeSeconds / DAY_SECONDS))) }
  const notice = noticeOf('email-changed', account, { source, language }, nowMs, days)
  await mail.add(transaction, { ...notice, token: undo.token }, nowMs)
}

/**
 * If the address already has a link that undoes an earlier change, the new link expires with that
 * one: the address in between may be that of a thief.
 */
async function undoSeconds(
  transaction: Kysely<Tables>,
  subject: string,
  email: string,
  nowMs: number
): Promise<number> {
  const usual = UNDO_DAYS * DAY_SECONDS
  const expiry = await undoExpiry(transaction, { subject, email }, nowMs)
  return expiry === null ? usual : Math.min(usual, expiry - Math.ceil(nowMs / 1000))
}

async function undoChange(
  transaction: Kysely<Tables>,
  { resetSeconds, token, change }: Work<Change>
) {
  const { clock, source } = change
  const { id } = await used(transaction, token, clock)
  const nowMs = clock()
  const rights = addressIn(token, nowMs)
  await replaceRights(transaction, id, rights, 'email-change-undone', change)
  const { password_version: passwordVersion } = await transaction
    .updateTable('accounts')
    .set(otherPassword(''))
    .where('id', '=', id)
    .returning('password_version')
    .executeTakeFirstOrThrow()
  await spendTokens(transaction, id, nowMs)
  await spendUndos(transaction, { subject: id, undo: token }, nowMs)
  const about = { subject: id, sid: null, source }
  await cancelDeletion(transaction, about, nowMs)
  const ended = await endSessions(transaction, id, null, nowMs)
  const event = { kind: 'logout-all', ...about, detail: { ended: ended.length } } as const
  await writeAudit(transaction, event, nowMs)
  const owner = { id, email: token.email, passwordVersion }
  const resetToken = await resetTokenFor(transaction, owner, resetSeconds, nowMs)
  return { id, ended, resetToken }
}
