import { Refusal } from '@gatehouse/problem/refusal'
import type { Kysely } from 'kysely'
import type { Account } from '../accounts/account.ts'
import { accountStore } from '../accounts/account-store.ts'
import type { RequestSource } from '../audit/audit-event.ts'
import { writeAudit } from '../audit/audit-log.ts'
import type { Tables } from '../database/tables.ts'
import { noticeOf } from '../mail/notices.ts'
import type { Caller, CallersGuesses } from '../throttling/guesses.ts'
import {
  type FactorAnswer,
  type FactorMethod,
  factorMethods,
  type RightAnswer
} from './factor-methods.ts'
import type { FactorPorts } from './factor-ports.ts'
import {
  challengeInvalid,
  factorRequired,
  type OpenChallenge,
  wrongFactor
} from './factor-refusals.ts'
import {
  CHALLENGE_SECONDS,
  countAttempt,
  findChallenge,
  isChallengeOf,
  issueChallenge,
  type LoginChallenge,
  useChallenge
} from './login-challenges.ts'
import { countRecoveryCodes } from './recovery-codes.ts'

/** A login that waits for a second factor. */
export type WaitingLogin = {
  readonly account: Account
  readonly challenge: LoginChallenge
  readonly shown: OpenChallenge
}

/** Who answers, and from where. */
export type Answerer = {
  /** as for the password */
  readonly caller: Caller
  readonly source: RequestSource
  readonly language: string
}

/** A login whose second factor is right, but not used yet. */
export type ProvenLogin = {
  /**
   * Uses the answer and the challenge, in the transaction that opens the session.
   * @throws Refusal if another request was first
   */
  use(transaction: Kysely<Tables>, nowMs: number): Promise<void>
  /** The session is open: the answer was no guess. */
  succeeded(): Promise<void>
}

/**
 * Asks for the second factor of an account whose password was right.
 * @returns the refusal to throw
 */
export async function challengeLogin(
  { db, audit, clock }: FactorPorts,
  account: Account,
  delivery: 'body' | 'cookie',
  source: RequestSource
): Promise<Refusal> {
  const challenge = await issueChallenge(db, account, delivery, clock())
  await audit.write({ kind: 'factor-required', subject: account.id, sid: null, source })
  return factorRequired(await shownOf(db, account, challenge, CHALLENGE_SECONDS))
}

async function shownOf(
  db: Kysely<Tables>,
  { id, factors }: Account,
  challenge: string,
  expiresIn: number
): Promise<OpenChallenge> {
  if (factors === 0) return { challenge, expiresIn, factors: [] }
  const hasCodes = (await countRecoveryCodes(db, id)) > 0
  return { challenge, expiresIn, factors: hasCodes ? ['totp', 'recoveryCode'] : ['totp'] }
}

/**
 * Finds the login of a challenge.
 * @throws Refusal UNAUTHENTICATED, the same for every cause
 */
export async function waitingLogin(
  { db, clock }: FactorPorts,
  text: string
): Promise<WaitingLogin> {
  const challenge = await findChallenge(db, text, clock())
  if (challenge === null) throw challengeInvalid('the challenge is unknown, used or expired')
  const account = await accountStore(db).findById(challenge.subject)
  if (account === null || !isChallengeOf(challenge, account)) {
    throw challengeInvalid('the account has changed since the challenge')
  }
  const expiresIn = challenge.expires_at - Math.floor(clock() / 1000)
  return { account, challenge, shown: await shownOf(db, account, text, expiresIn) }
}

const metricNames = { totp: 'totp', recoveryCode: 'recovery_code' } as const

/** No e-mail address is like this: factors and passwords are counted apart. */
const countedAs = ({ id }: Account): string => `second factor ${id}`

/**
 * Compares an answer. It is counted twice before that: as a guess at the account, which slows all
 * answers down as guesses at a password are, and as an attempt of the challenge, which has five.
 * @param compare null: the answer is wrong
 * @throws Refusal RATE_LIMITED; FACTOR_REQUIRED if the answer is wrong; UNAUTHENTICATED if the
 * challenge has had too many
 */
export async function countedAnswer<Right>(
  ports: FactorPorts,
  { account, challenge, shown }: WaitingLogin,
  { caller, source }: Answerer,
  method: FactorMethod,
  compare: () => Promise<Right | null>
): Promise<{ readonly right: Right; readonly own: CallersGuesses }> {
  const { db, guesses, audit, metrics, clock } = ports
  const own = await guesses.by({ ...caller, email: countedAs(account) })
  await own.take()
  const left = await countAttempt(db, challenge, clock())
  if (left === null) {
    await own.giveBack()
    throw challengeInvalid('the challenge was used, or has had too many answers')
  }
  const right = await givenBackIfRefused(own, compare)
  metrics.factorAnswered(metricNames[method], right === null ? 'wrong' : 'right')
  if (right !== null) return { right, own }
  await audit.write({ kind: 'factor-failed', subject: account.id, sid: null, source })
  throw left === 0 ? challengeInvalid('the last answer of the challenge') : wrongFactor(shown)
}

async function givenBackIfRefused<Right>(
  own: CallersGuesses,
  compare: () => Promise<Right>
): Promise<Right> {
  try {
    return await compare()
  } catch (error) {
    if (error instanceof Refusal) await own.giveBack()
    throw error
  }
}

/** @throws Refusal as `countedAnswer` */
export async function answerChallenge(
  ports: FactorPorts,
  waiting: WaitingLogin,
  answer: FactorAnswer,
  answerer: Answerer
): Promise<ProvenLogin> {
  const { method, code } = answer
  const compare = () => factorMethods[method](ports, waiting.account.id, code, ports.clock())
  const { right, own } = await countedAnswer(ports, waiting, answerer, method, compare)
  return {
    use: (transaction, nowMs) =>
      useAnswer(transaction, { ...waiting, ...answerer, method, right, mail: ports.mail }, nowMs),
    succeeded: () => own.succeeded()
  }
}

type UsedAnswer = WaitingLogin &
  Answerer &
  Pick<FactorPorts, 'mail'> & {
    readonly method: FactorMethod
    readonly right: RightAnswer
  }

async function useAnswer(
  transaction: Kysely<Tables>,
  { account, challenge, shown, method, right, source, language, mail }: UsedAnswer,
  nowMs: number
): Promise<void> {
  if (!(await useChallenge(transaction, challenge, nowMs))) {
    throw challengeInvalid('another request has used the challenge')
  }
  if (!(await right.use(transaction, nowMs))) throw wrongFactor(shown)
  if (method !== 'recoveryCode') return
  const detail = await right.detail(transaction)
  const event = { kind: 'recovery-code-used', subject: account.id, sid: null, source } as const
  await writeAudit(transaction, { ...event, detail }, nowMs)
  const left = { left: String(detail.left) }
  const notice = noticeOf('recovery-code-used', account, { source, language }, nowMs, left)
  await mail.add(transaction, notice, nowMs)
}
