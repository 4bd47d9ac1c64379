import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import type { Reader } from '../mail/queue/queued-mail.ts'
import { BY_CODE } from '../sessions/authentication.ts'
import type { FactorPorts } from './factor-ports.ts'
import type { FactorMethod } from './factor-table.ts'
import { type PasskeyAssertion, verifyAssertion } from './passkeys/passkey-assertion.ts'
import type { Ceremony } from './passkeys/passkey-challenges.ts'
import { findPasskey } from './passkeys/passkey-store.ts'
import { reportRegression } from './passkeys/report-regression.ts'
import { countRecoveryCodes, findRecoveryCode, useRecoveryCode } from './recovery-codes.ts'
import { matchTotp, useTotp } from './totp/totp-factors.ts'

type Answers = {
  readonly totp: { readonly code: string }
  readonly recoveryCode: { readonly code: string }
  readonly passkey: { readonly assertion: PasskeyAssertion }
}

type AnswerBy<Method extends FactorMethod> = { readonly method: Method } & Answers[Method]

/** What proves a second factor, by one of the methods. */
export type FactorAnswer = { [Method in FactorMethod]: AnswerBy<Method> }[FactorMethod]

/** A right answer that is not used yet. */
export type RightAnswer = {
  /** the methods that it proves (RFC 8176) */
  readonly amr: readonly string[]
  /**
   * Uses it, in the transaction that relies on it.
   * @returns false if another request was first
   */
  use(transaction: Kysely<Tables>, nowMs: number): Promise<boolean>
  /** for the audit log, after it was used */
  detail(transaction: Kysely<Tables>): Promise<Readonly<Record<string, number | string>>>
}

/** For what an answer was asked, and who gives it. */
export type Asked = Ceremony &
  Reader & {
    /** the account that answers */
    readonly owner: string
    /** the version of the password that the same login has proved; null: none */
    readonly passwordVersion: number | null
  }

type MethodPorts = Pick<
  FactorPorts,
  'db' | 'sealing' | 'ring' | 'passkeys' | 'mail' | 'metrics' | 'clock'
>

/** Compares an answer with what an account has; null: it is wrong. Uses nothing up. */
type Compare<Method extends FactorMethod> = (
  ports: MethodPorts,
  answer: AnswerBy<Method>,
  asked: Asked
) => Promise<RightAnswer | null>

/** Every method, in one table. */
const factorMethods: { readonly [Method in FactorMethod]: Compare<Method> } = {
  async totp({ db, sealing, clock }, { code }, { owner }) {
    const rows = await db
      .selectFrom('factors')
      .selectAll()
      .where('subject', '=', owner)
      .where('confirmed_at', 'is not', null)
      .execute()
    const match = matchTotp(rows, code, sealing, clock())
    if (match === null) return null
    return {
      amr: BY_CODE,
      use: (transaction, usedAtMs) => useTotp(transaction, match, usedAtMs),
      detail: async () => ({ factor: 'totp' })
    }
  },
  async recoveryCode({ db }, { code }, { owner }) {
    const digest = await findRecoveryCode(db, owner, code)
    if (digest === null) return null
    return {
      amr: BY_CODE,
      use: (transaction) => useRecoveryCode(transaction, owner, digest),
      detail: async (transaction) => ({
        factor: 'recovery-code',
        left: await countRecoveryCodes(transaction, owner)
      })
    }
  },
  async passkey(ports, { assertion }, asked) {
    const passkey = await findPasskey(ports.db, assertion.id)
    if (passkey === null || passkey.subject !== asked.owner) return null
    const right = await verifyAssertion(ports, passkey, assertion, asked)
    if (right === null) return null
    if (right !== 'regressed') {
      return {
        amr: right.amr,
        use: (transaction, nowMs) => right.use(transaction, nowMs, asked.passwordVersion),
        detail: async () => ({ factor: 'passkey' })
      }
    }
    await reportRegression(ports, passkey, asked)
    return null
  }
}

/** Compares an answer by its method. Null: it is wrong. Uses nothing up. */
export function compareAnswer(
  ports: MethodPorts,
  answer: FactorAnswer,
  asked: Asked
): Promise<RightAnswer | null> {
  const compare = factorMethods[answer.method] as Compare<FactorMethod>
  return compare(ports, answer, asked)
}
