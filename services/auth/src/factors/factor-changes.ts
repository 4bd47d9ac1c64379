import type { Kysely } from 'kysely'
import type { Account } from '../accounts/account.ts'
import { lockAccount } from '../accounts/lock-account.ts'
import type { By } from '../audit/audit-event.ts'
import { writeAudit } from '../audit/audit-log.ts'
import { endSessions } from '../database/end-sessions.ts'
import { isOpenSession } from '../database/is-open-session.ts'
import type { Tables } from '../database/tables.ts'
import type { Mail } from '../mail/mail.ts'
import { noticeOf } from '../mail/notices.ts'
import { sessionEnded } from '../sessions/session-refusals.ts'
import { lastFactor, noSuchFactor, tooManyFactors } from './factor-refusals.ts'
import type { FactorKind } from './factor-table.ts'
import { deleteRecoveryCodes, replaceRecoveryCodes } from './recovery-codes.ts'
import { type TotpMatch, useTotp } from './totp/totp-factors.ts'

/** Who changes the factors of an account. */
export type FactorChange = By & {
  /** of the letter */
  readonly language: string
}

type NoticePorts = { readonly mail: Pick<Mail, 'add'> }

/** how many confirmed factors an account can have */
export const MOST_FACTORS = 5

export type ConfirmedFactor = {
  /** the codes of the first factor; null: the account has codes already */
  readonly recoveryCodes: readonly string[] | null
  /** the sessions that it ended: the caller must publish them to the session store */
  readonly ended: readonly string[]
}

/** What changes the factors of an account, and when. */
type Cause = {
  /** the session that makes the change; null: a login makes it, or its caller checks the session */
  readonly sid: string | null
  readonly nowMs: number
}

/**
 * Locks the account for a change of its factors.
 * @throws Refusal SESSION_ENDED if it was disabled or deleted, or the session has ended
 */
export async function lockForFactors(
  transaction: Kysely<Tables>,
  id: string,
  { sid, nowMs }: Cause
): Promise<void> {
  await lockAccount(transaction, id)
  const row = await transaction
    .selectFrom('accounts')
    .select('disabled_at')
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined || row.disabled_at !== null) {
    throw sessionEnded('the account is disabled or gone')
  }
  if (sid !== null && !(await isOpenSession(transaction, { subject: id, sid }, nowMs))) {
    throw sessionEnded('the session has ended')
  }
}

/** The account of a factor that changes. */
type Owner = Pick<Account, 'id' | 'email' | 'emailTyped'>

/**
 * Activates an authenticator app with its first code.
 * @param sid as `countAdded` has it
 * @returns null if another request has used the code or confirmed the factor
 * @throws Refusal CONFLICT if the account has too many
 */
export async function confirmFactor(
  transaction: Kysely<Tables>,
  account: Owner,
  { match, sid }: { readonly match: TotpMatch; readonly sid: string | null },
  change: FactorChange & NoticePorts
): Promise<ConfirmedFactor | null> {
  const nowMs = change.clock()
  const { numUpdatedRows } = await transaction
    .updateTable('factors')
    .set({ confirmed_at: Math.floor(nowMs / 1000) })
    .where('id', '=', match.id)
    .where('confirmed_at', 'is', null)
    .executeTakeFirst()
  if (numUpdatedRows === 0n || !(await useTotp(transaction, match, nowMs))) return null
  return await countAdded(transaction, account, { factor: 'totp', sid, nowMs }, change)
}

/**
 * Counts a factor that was added. The first factor of an account also creates recovery codes, and
 * ends all other sessions: they proved only the password.
 * @param added `sid`: the session that adds it, which has now proved both; null: none
 * @throws Refusal CONFLICT if the account has too many
 */
export async function countAdded(
  transaction: Kysely<Tables>,
  account: Owner,
  { factor, sid, nowMs }: Cause & { readonly factor: FactorKind },
  { source, language, mail }: FactorChange & NoticePorts
): Promise<ConfirmedFactor> {
  const { id } = account
  const factors = await countFactors(transaction, id, 1)
  // Other factors may have been confirmed since this one was added.
  if (factors > MOST_FACTORS) throw tooManyFactors(MOST_FACTORS)
  const isFirst = factors === 1
  const recoveryCodes = isFirst ? await replaceRecoveryCodes(transaction, id) : null
  const ended = isFirst ? await endSessions(transaction, id, sid, nowMs) : []
  const detail = { factor, ended: ended.length }
  await writeAudit(transaction, { kind: 'factor-added', subject: id, sid, source, detail }, nowMs)
  const cause = { source, language }
  await mail.add(transaction, noticeOf('factor-added', account, cause, nowMs), nowMs)
  return { recoveryCodes, ended }
}

/** Changes the number of factors, and with it their version. Returns the new number. */
async function countFactors(transaction: Kysely<Tables>, id: string, by: 1 | -1): Promise<number> {
  const { factors } = await transaction
    .updateTable('accounts')
    .set(({ eb }) => ({
      factors: eb('factors', '+', by),
      factor_version: eb('factor_version', '+', 1)
    }))
    .where('id', '=', id)
    .returning('factors')
    .executeTakeFirstOrThrow()
  return factors
}

/**
 * Removes a factor, and with the last factor also the recovery codes.
 * @throws Refusal NOT_FOUND; CONFLICT if it is the last one and `mustKeepOne`
 */
export async function removeFactor(
  transaction: Kysely<Tables>,
  account: Owner,
  which: { readonly id: string; readonly sid: string; readonly mustKeepOne: boolean },
  { source, clock, language, mail }: FactorChange & NoticePorts
): Promise<void> {
  const subject = account.id
  const nowMs = clock()
  await lockForFactors(transaction, subject, { sid: which.sid, nowMs })
  const factor = await deleteFactor(transaction, subject, which.id)
  if (factor === null) throw noSuchFactor()
  // It was never active, so the user needs no notice.
  if (factor === 'pending') return
  const left = await countFactors(transaction, subject, -1)
  if (left === 0 && which.mustKeepOne) throw lastFactor()
  if (left === 0) await deleteRecoveryCodes(transaction, subject)
  const about = { subject, sid: which.sid, source, detail: { factor, left } }
  await writeAudit(transaction, { kind: 'factor-removed', ...about }, nowMs)
  const cause = { source, language }
  await mail.add(transaction, noticeOf('factor-removed', account, cause, nowMs), nowMs)
}

/** Deletes one factor of an account. Returns its kind; null: the account has none with this id. */
async function deleteFactor(
  transaction: Kysely<Tables>,
  subject: string,
  id: string
): Promise<FactorKind | 'pending' | null> {
  const app = await transaction
    .deleteFrom('factors')
    .where('id', '=', id)
    .where('subject', '=', subject)
    .returning('confirmed_at')
    .executeTakeFirst()
  if (app !== undefined) return app.confirmed_at === null ? 'pending' : 'totp'
  const passkey = await transaction
    .deleteFrom('passkeys')
    .where('id', '=', id)
    .where('subject', '=', subject)
    .returning('id')
    .executeTakeFirst()
  return passkey === undefined ? null : 'passkey'
}

/**
 * Removes every factor and the recovery codes, for a user who has lost them, and ends every
 * session: a lost phone may be a stolen one.
 * @returns how many factors there were, and the sessions that had not ended
 */
export async function resetFactors(
  transaction: Kysely<Tables>,
  account: Owner,
  { source, clock, language, mail }: FactorChange & NoticePorts
): Promise<{ readonly removed: number; readonly ended: readonly string[] }> {
  const subject = account.id
  await lockAccount(transaction, subject)
  const nowMs = clock()
  const rows = await transaction
    .deleteFrom('factors')
    .where('subject', '=', subject)
    .returning('confirmed_at')
    .execute()
  const { numDeletedRows } = await transaction
    .deleteFrom('passkeys')
    .where('subject', '=', subject)
    .executeTakeFirst()
  const apps = rows.filter(({ confirmed_at }) => confirmed_at !== null).length
  const removed = apps + Number(numDeletedRows)
  await deleteRecoveryCodes(transaction, subject)
  await transaction
    .updateTable('accounts')
    .set(({ eb }) => ({ factors: 0, factor_version: eb('factor_version', '+', 1) }))
    .where('id', '=', subject)
    .execute()
  const ended = await endSessions(transaction, subject, null, nowMs)
  const about = { subject, sid: null, source, detail: { removed, ended: ended.length } }
  await writeAudit(transaction, { kind: 'factors-reset', ...about }, nowMs)
  const cause = { source, language }
  if (removed > 0) {
    await mail.add(transaction, noticeOf('factor-removed', account, cause, nowMs), nowMs)
  }
  return { removed, ended }
}
