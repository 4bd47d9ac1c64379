import type { Refusal } from '@gatehouse/problem/refusal'
import type { Kysely } from 'kysely'
import type { Account } from '../../accounts/account.ts'
import { accountStore } from '../../accounts/account-store.ts'
import type { RequestSource } from '../../audit/audit-event.ts'
import type { Tables } from '../../database/tables.ts'
import { withFactor } from '../../sessions/authentication.ts'
import type { CallersGuesses } from '../../throttling/guesses.ts'
import { type Answerer, guessedAnswer, useAnswer } from '../factor-answers.ts'
import { compareAnswer, type FactorAnswer } from '../factor-methods.ts'
import type { FactorPorts } from '../factor-ports.ts'
import {
  challengeInvalid,
  factorRequired,
  type OpenChallenge,
  wrongFactor
} from '../factor-refusals.ts'
import type { FactorMethod } from '../factor-table.ts'
import { requestOptions } from '../passkeys/passkey-assertion.ts'
import { listPasskeys } from '../passkeys/passkey-store.ts'
import { countRecoveryCodes } from '../recovery-codes.ts'
import {
  CHALLENGE_SECONDS,
  challengeDigest,
  countAttempt,
  findChallenge,
  isChallengeOf,
  issueChallenge,
  type LoginChallenge,
  type ProvenFirst,
  provenBy,
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
  /** the methods that its user has proved (RFC 8176) */
  readonly amr: readonly string[]
  /**
   * Uses the answer and the challenge, in the transaction that opens the session.
   * @throws Refusal if another request was first
   */
  use(transaction: Kysely<Tables>, nowMs: number): Promise<void>
  /** The session is open: the answer was not a guess. */
  succeeded(): Promise<void>
}

/**
 * Asks for the second factor of a login whose first proof is right.
 * @returns the refusal to throw
 */
export async function challengeLogin(
  ports: FactorPorts,
  account: Account,
  first: ProvenFirst,
  source: RequestSource
): Promise<Refusal> {
  const { db, audit, clock } = ports
  const challenge = await issueChallenge(db, account, first, clock())
  await audit.write({ kind: 'factor-required', subject: account.id, sid: null, source })
  return factorRequired(await shownOf(ports, account, challenge, CHALLENGE_SECONDS))
}

/** What a client needs to answer a challenge, the strongest factor first. */
async function shownOf(
  ports: FactorPorts,
  account: Account,
  challenge: string,
  expiresIn: number
): Promise<OpenChallenge> {
  const { id, factors } = account
  const shown = { challenge, expiresIn }
  if (factors === 0) return { ...shown, factors: [] }
  const own = await listPasskeys(ports.db, id)
  const can = {
    passkey: own.length > 0,
    totp: factors > own.length,
    recoveryCode: (await countRecoveryCodes(ports.db, id)) > 0
  }
  const methods = (['passkey', 'totp', 'recoveryCode'] as const).filter((method) => can[method])
  const passkey = can.passkey ? requestOptions(ports, askedBy(id, challenge), own) : null
  return { ...shown, factors: methods, ...(passkey === null ? {} : { passkey }) }
}

/** The ceremony of a passkey that answers a challenge: no other challenge accepts its answer. */
const askedBy = (subject: string, challenge: string) =>
  ({ purpose: 'factor', subject, within: challengeDigest(challenge) }) as const

/**
 * Finds the login of a challenge.
 * @throws Refusal UNAUTHENTICATED, the same for every cause
 */
export async function waitingLogin(ports: FactorPorts, text: string): Promise<WaitingLogin> {
  const { db, clock } = ports
  const challenge = await findChallenge(db, text, clock())
  if (challenge === null) throw challengeInvalid('the challenge is unknown, used or expired')
  const account = await accountStore(db).findById(challenge.subject)
  if (account === null || !isChallengeOf(challenge, account)) {
    throw challengeInvalid('the account has changed since the challenge')
  }
  const expiresIn = challenge.expires_at - Math.floor(clock() / 1000)
  return { account, challenge, shown: await shownOf(ports, account, text, expiresIn) }
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
    : wrongFactor(shown, method)
}

/**
 * Uses the challenge, and notes the use of the linked provider with which the login began.
 * @throws Refusal UNAUTHENTICATED if another request was first, or the provider was unlinked
 */
export async function useFirstProof(
  { noteIdentityUse }: Pick<FactorPorts, 'noteIdentityUse'>,
  transaction: Kysely<Tables>,
  { account, challenge }: Pick<WaitingLogin, 'account' | 'challenge'>,
  nowMs: number
): Promise<void> {
  if (!(await useChallenge(transaction, challenge, nowMs))) {
    throw challengeInvalid('another request has used the challenge')
  }
  const { identity: id, identity_email: email } = challenge
  if (id === null || (await noteIdentityUse(transaction, { id, email }, account, nowMs))) return
  throw challengeInvalid('the provider was unlinked during the login')
}

/** @throws Refusal as `countedAnswer` */
export async function answerChallenge(
  ports: FactorPorts,
  waiting: WaitingLogin,
  answer: FactorAnswer,
  answerer: Answerer
): Promise<ProvenLogin> {
  const { method } = answer
  const { account, challenge, shown } = waiting
  const { source, language } = answerer
  const { id: owner } = account
  const first = provenBy(challenge)
  // A login by a provider has proved no password.
  const passwordVersion = first.includes('pwd') ? account.passwordVersion : null
  const asked = { ...askedBy(owner, shown.challenge), owner, passwordVersion, source, language }
  const compare = () => compareAnswer(ports, answer, asked)
  const { right, own } = await countedAnswer(ports, waiting, answerer, method, compare)
  return {
    amr: withFactor(first, right.amr),
    async use(transaction, nowMs) {
      await useFirstProof(ports, transaction, waiting, nowMs)
      const used = { ...answerer, account, method, right, mail: ports.mail }
      if (!(await useAnswer(transaction, used, nowMs))) throw wrongFactor(shown, method)
    },
    succeeded: () => own.succeeded()
  }
}
