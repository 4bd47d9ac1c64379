import type { Refusal } from '@gatehouse/problem/refusal'
import type { Kysely } from 'kysely'
import type { Account } from '../../accounts/account.ts'
import { accountStore } from '../../accounts/account-store.ts'
import type { RequestSource } from '../../audit/audit-event.ts'
import type { Tables } from '../../database/tables.ts'
import type { CallersGuesses } from '../../throttling/guesses.ts'
import { type Answerer, guessedAnswer, useAnswer } from '../factor-answers.ts'
import { type FactorAnswer, type FactorMethod, factorMethods } from '../factor-methods.ts'
import type { FactorPorts } from '../factor-ports.ts'
import {
  challengeInvalid,
  factorRequired,
  type OpenChallenge,
  wrongFactor
} from '../factor-refusals.ts'
import { countRecoveryCodes } from '../recovery-codes.ts'
import {
  CHALLENGE_SECONDS,
  countAttempt,
  findChallenge,
  isChallengeOf,
  issueChallenge,
  type LoginChallenge,
  useChallenge
} from './login-challenges.ts'

/** A login that waits for a second factor. */
export type WaitingLogin = {
  readonly account: Account
  readonly challenge: LoginChallenge
  readonly shown: OpenChallenge
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

/**
 * Compares an answer, which is counted twice before that: as a guess at the account, so that
 * answers are slowed like guesses at a password, and as one of the five attempts of the challenge.
 * @param compare null: the answer is wrong
 * @throws Refusal RATE_LIMITED; FACTOR_REQUIRED if the answer is wrong; UNAUTHENTICATED if the
 * challenge has had too many
 */
export async function countedAnswer<Right>(
  ports: FactorPorts,
  { account, challenge, shown }: WaitingLogin,
  answerer: Answerer,
  method: FactorMethod,
  compare: () => Promise<Right | null>
): Promise<{ readonly right: Right; readonly own: CallersGuesses }> {
  const { db, clock } = ports
  let left = 0
  const guessed = await guessedAnswer(ports, account, answerer, method, async () => {
    const attempts = await countAttempt(db, challenge, clock())
    if (attempts === null) {
      throw challengeInvalid('the challenge was used, or has had too many answers')
    }
    left = attempts
    return await compare()
  })
  if (guessed !== null) return guessed
  throw left === 0
    ? challengeInvalid('the challenge has had its last answer, and it was wrong')
    : wrongFactor(shown)
}

/** @throws Refusal as `countedAnswer` */
export async function answerChallenge(
  ports: FactorPorts,
  waiting: WaitingLogin,
  answer: FactorAnswer,
  answerer: Answerer
): Promise<ProvenLogin> {
  const { method, code } = answer
  const { account, challenge, shown } = waiting
  const compare = () => factorMethods[method](ports, account.id, code, ports.clock())
  const { right, own } = await countedAnswer(ports, waiting, answerer, method, compare)
  return {
    async use(transaction, nowMs) {
      if (!(await useChallenge(transaction, challenge, nowMs))) {
        throw challengeInvalid('another request has used the challenge')
      }
      const used = { ...answerer, account, method, right, mail: ports.mail }
      if (!(await useAnswer(transaction, used, nowMs))) throw wrongFactor(shown)
    },
    succeeded: () => own.succeeded()
  }
}
