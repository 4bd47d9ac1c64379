import type { Kysely } from 'kysely'
import type { Account } from '../accounts/account.ts'
import type { RequestSource } from '../audit/audit-event.ts'
import { writeAudit } from '../audit/audit-log.ts'
import type { Tables } from '../database/tables.ts'
import { noticeOf } from '../mail/notices.ts'
import type { Caller, CallersGuesses } from '../throttling/guesses.ts'
import type { RightAnswer } from './factor-methods.ts'
import type { AnsweredFactor } from './factor-metrics.ts'
import type { FactorPorts } from './factor-ports.ts'
import type { FactorMethod } from './factor-table.ts'

/** Who answers, and from where. */
export type Answerer = {
  /** as for the password */
  readonly caller: Caller
  readonly source: RequestSource
  readonly language: string
}

type Guess = {
  readonly metric: AnsweredFactor
  /** the event of a wrong one */
  readonly failed: 'factor-failed' | 'login-failed'
}

/** How each answer is counted. `passkeyLogin`: a passkey instead of the password. */
const guessKinds: Readonly<Record<FactorMethod | 'passkeyLogin', Guess>> = {
  totp: { metric: 'totp', failed: 'factor-failed' },
  recoveryCode: { metric: 'recovery_code', failed: 'factor-failed' },
  passkey: { metric: 'passkey', failed: 'factor-failed' },
  passkeyLogin: { metric: 'passkey_login', failed: 'login-failed' }
}

/**
 * Not a valid e-mail address, so guesses at factors and at passwords are counted separately. So are
 * passkeys and codes: only codes can be guessed, and who guesses them must not delay a passkey. A
 * passkey is counted by network as well, because only the work is limited: otherwise a stranger
 * could delay the owner of an account.
 */
const countedAs = ({ id }: Account, { network }: Caller, guess: keyof typeof guessKinds): string =>
  guess === 'passkey' || guess === 'passkeyLogin'
    ? `passkey ${id} ${network}`
    : `second factor ${id}`

/**
 * Compares an answer, which is counted as a guess at the account before that. So simultaneous
 * guesses are limited like consecutive ones.
 * @param compare null: the answer is wrong
 * @returns null if it is wrong
 * @throws Refusal RATE_LIMITED if the account must wait before the next guess
 */
export async function guessedAnswer<Right>(
  { guesses, audit, metrics }: FactorPorts,
  account: Account,
  { caller, source }: Answerer,
  guess: keyof typeof guessKinds,
  compare: () => Promise<Right | null>
): Promise<{ readonly right: Right; readonly own: CallersGuesses } | null> {
  const own = await guesses.by({ ...caller, email: countedAs(account, caller, guess) })
  await own.take()
  const right = await own.comparing(compare)
  const { metric, failed } = guessKinds[guess]
  metrics.factorAnswered(metric, right === null ? 'wrong' : 'right')
  if (right !== null) return { right, own }
  await audit.write({ kind: failed, subject: account.id, sid: null, source })
  return null
}

type UsedAnswer = Answerer &
  Pick<FactorPorts, 'mail'> & {
    readonly account: Account
    readonly method: FactorMethod
    readonly right: RightAnswer
  }

/**
 * Uses a right answer, in the transaction that relies on it. Notifies the user if it was a recovery
 * code.
 * @returns false if another request was first
 */
export async function useAnswer(
  transaction: Kysely<Tables>,
  { account, method, right, source, language, mail }: UsedAnswer,
  nowMs: number
): Promise<boolean> {
  if (!(await right.use(transaction, nowMs))) return false
  if (method !== 'recoveryCode') return true
  const detail = await right.detail(transaction)
  const event = { kind: 'recovery-code-used', subject: account.id, sid: null, source } as const
  await writeAudit(transaction, { ...event, detail }, nowMs)
  const left = { left: String(detail.left) }
  const notice = noticeOf('recovery-code-used', account, { source, language }, nowMs, left)
  await mail.add(transaction, notice, nowMs)
  return true
}
