import type { Kysely } from 'kysely'
import type { Account } from '../../accounts/account.ts'
import { mustHaveFactor } from '../../accounts/needs-factor.ts'
import { writeAudit } from '../../audit/audit-log.ts'
import type { Tables } from '../../database/tables.ts'
import { noticeOf } from '../../mail/notices.ts'
import { changeOrWait } from '../../revocations/change-marks.ts'
import { BY_CODE } from '../../sessions/authentication.ts'
import { noteFactor } from '../../sessions/durable/strengthen-session.ts'
import { base32 } from '../base32.ts'
import {
  type ConfirmedFactor,
  confirmFactor,
  type FactorChange,
  lockForFactors,
  MOST_FACTORS,
  removeFactor
} from '../factor-changes.ts'
import type { FactorPorts } from '../factor-ports.ts'
import {
  factorMissing,
  factorsOff,
  noSuchFactor,
  tooManyFactors,
  wrongCode
} from '../factor-refusals.ts'
import type { FactorKind } from '../factor-table.ts'
import { listPasskeys, ownPasskey } from '../passkeys/passkey-store.ts'
import { countRecoveryCodes, replaceRecoveryCodes } from '../recovery-codes.ts'
import { totpUri } from '../totp/totp.ts'
import { type FactorRow, findPending, insertPending, matchTotp } from '../totp/totp-factors.ts'

/** A confirmed factor, as its user sees it. */
export type OwnFactor = {
  readonly id: string
  readonly kind: FactorKind
  readonly name: string
  /** seconds since 1970, as the next one */
  readonly createdAt: number
  readonly usedAt: number | null
  /** of a passkey: whether it was copied to other devices of its user, as the authenticator says */
  readonly backedUp?: boolean
}

/** The confirmed factors of an account, the oldest first. */
export type OwnFactors = {
  readonly factors: readonly OwnFactor[]
  /** how many recovery codes are left */
  readonly recoveryCodes: number
}

/** A new authenticator. Its secret is shown once. */
export type NewFactor = {
  readonly factor: OwnFactor
  /** base32 */
  readonly secret: string
  /** `otpauth:` */
  readonly uri: string
}

const ownAuthenticator = ({ id, kind, name, created_at, used_at }: FactorRow): OwnFactor => ({
  id,
  kind,
  name,
  createdAt: created_at,
  usedAt: used_at
})

export async function listFactors(db: Kysely<Tables>, subject: string): Promise<OwnFactors> {
  const apps = await db
    .selectFrom('factors')
    .selectAll()
    .where('subject', '=', subject)
    .where('confirmed_at', 'is not', null)
    .orderBy('confirmed_at')
    .orderBy('id')
    .execute()
  const passkeys = (await listPasskeys(db, subject)).map(ownPasskey)
  const factors = [...apps.map(ownAuthenticator), ...passkeys].sort(
    (one, next) => one.createdAt - next.createdAt
  )
  return { factors, recoveryCodes: await countRecoveryCodes(db, subject) }
}

export async function addFactor(
  { db, sealing, policy, issuer, clock }: FactorPorts,
  account: Account,
  { name, sid }: { readonly name: string; readonly sid: string | null }
): Promise<NewFactor> {
  if (policy.mode === 'off') throw factorsOff()
  if (account.factors >= MOST_FACTORS) throw tooManyFactors(MOST_FACTORS)
  const { row, secret } = await db.transaction().execute(async (transaction) => {
    const nowMs = clock()
    await lockForFactors(transaction, account.id, { sid, nowMs })
    return await insertPending(transaction, { subject: account.id, name }, sealing, nowMs)
  })
  const { email } = account
  const uri = totpUri(secret, { issuer, email })
  return { factor: ownAuthenticator(row), secret: base32(secret), uri }
}

export async function confirmOwnFactor(
  { db, sealing, policy, mail, marks }: FactorPorts,
  account: Account,
  { id, code, sid }: { readonly id: string; readonly code: string; readonly sid: string },
  change: FactorChange
): Promise<ConfirmedFactor> {
  if (policy.mode === 'off') throw factorsOff()
  const row = await findPending(db, account.id, id, change.clock())
  if (row === null) throw noSuchFactor()
  const match = matchTotp([row], code, sealing, change.clock())
  if (match === null) throw wrongCode()
  const done = await db.transaction().execute(async (transaction) => {
    await lockForFactors(transaction, account.id, { sid, nowMs: change.clock() })
    const confirmed = await confirmFactor(transaction, account, { match, sid }, { ...change, mail })
    if (confirmed === null) throw wrongCode()
    // This session has proved the password, and now the factor.
    await noteFactor(transaction, { subject: account.id, sid }, BY_CODE)
    return confirmed
  })
  await changeOrWait(marks, account.id)
  return done
}

export const removeOwnFactor = (
  { db, policy, mail }: FactorPorts,
  account: Account,
  factor: { readonly id: string; readonly sid: string },
  change: FactorChange
): Promise<void> =>
  db
    .transaction()
    .execute((transaction) =>
      removeFactor(
        transaction,
        account,
        { ...factor, mustKeepOne: mustHaveFactor(account, policy) },
        { ...change, mail }
      )
    )

export const renewRecoveryCodes = (
  { db, mail }: FactorPorts,
  account: Account,
  sid: string,
  { source, clock, language }: FactorChange
): Promise<readonly string[]> =>
  db.transaction().execute(async (transaction) => {
    const { id } = account
    await lockForFactors(transaction, id, { sid, nowMs: clock() })
    const { factors } = await transaction
      .selectFrom('accounts')
      .select('factors')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    if (factors === 0) throw factorMissing()
    const codes = await replaceRecoveryCodes(transaction, id)
    const event = { kind: 'recovery-codes-replaced', subject: id, sid, source } as const
    const nowMs = clock()
    await writeAudit(transaction, event, nowMs)
    const notice = noticeOf('recovery-codes-replaced', account, { source, language }, nowMs)
    await mail.add(transaction, notice, nowMs)
    return codes
  })
