import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import type { SealingKeys } from '../secrets/seal.ts'
import { countRecoveryCodes, findRecoveryCode, useRecoveryCode } from './recovery-codes.ts'
import { matchTotp, useTotp } from './totp/totp-factors.ts'

/** What proves a second factor: one of these, named as in the body of a request. */
export type FactorAnswer =
  | { readonly method: 'totp'; readonly code: string }
  | { readonly method: 'recoveryCode'; readonly code: string }

export type FactorMethod = FactorAnswer['method']

/** A right answer that is not used yet. */
export type RightAnswer = {
  /**
   * Uses it, in the transaction that relies on it.
   * @returns false if another request was first
   */
  use(transaction: Kysely<Tables>, nowMs: number): Promise<boolean>
  /** for the audit log, after it was used */
  detail(transaction: Kysely<Tables>): Promise<Readonly<Record<string, number | string>>>
}

type MethodPorts = { readonly db: Kysely<Tables>; readonly sealing: SealingKeys }

/** Compares an answer with what an account has; null: it is wrong. Changes nothing. */
type Compare = (
  ports: MethodPorts,
  subject: string,
  code: string,
  nowMs: number
) => Promise<RightAnswer | null>

/** Every method, in one table. */
export const factorMethods: Readonly<Record<FactorMethod, Compare>> = {
  async totp({ db, sealing }, subject, code, nowMs) {
    const rows = await db
      .selectFrom('factors')
      .selectAll()
      .where('subject', '=', subject)
      .where('confirmed_at', 'is not', null)
      .execute()
    const match = matchTotp(rows, code, sealing, nowMs)
    if (match === null) return null
    return {
      use: (transaction, usedAtMs) => useTotp(transaction, match, usedAtMs),
      detail: async () => ({ factor: 'totp' })
    }
  },
  async recoveryCode({ db }, subject, code) {
    const digest = await findRecoveryCode(db, subject, code)
    if (digest === null) return null
    return {
      use: (transaction) => useRecoveryCode(transaction, subject, digest),
      detail: async (transaction) => ({
        factor: 'recovery-code',
        left: await countRecoveryCodes(transaction, subject)
      })
    }
  }
}
