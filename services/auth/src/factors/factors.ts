import type { Refusal } from '@gatehouse/problem/refusal'
import type { Account } from '../accounts/account.ts'
import { needsFactor } from '../accounts/needs-factor.ts'
import type { RequestSource } from '../audit/audit-event.ts'
import type { Answerer } from './factor-answers.ts'
import { type ConfirmedFactor, type FactorChange, resetFactors } from './factor-changes.ts'
import type { FactorAnswer } from './factor-methods.ts'
import type { FactorPorts } from './factor-ports.ts'
import {
  answerChallenge,
  challengeLogin,
  type ProvenLogin,
  type WaitingLogin,
  waitingLogin
} from './login/answer-challenge.ts'
import type { ProvenFirst } from './login/login-challenges.ts'
import { type EnrolledLogin, enrolByLogin } from './login/login-enrolment.ts'
import { askForFirstPasskey, enrolPasskey } from './login/passkey-enrolment.ts'
import { answerByPasskey, askForLogin, claimedByPasskey } from './login/passkey-login.ts'
import {
  addFactor,
  confirmOwnFactor,
  listFactors,
  type NewFactor,
  type OwnFactors,
  removeOwnFactor,
  renewRecoveryCodes
} from './own/own-factors.ts'
import { addPasskey, askForPasskey } from './own/own-passkeys.ts'
import { renameFactor } from './own/rename-factor.ts'
import { askToStepUp, stepUp } from './own/step-up.ts'
import type { PasskeyAssertion, PasskeyRequest } from './passkeys/passkey-assertion.ts'
import type { AddedPasskey } from './store-passkey.ts'

/** The second factors of accounts, and the logins that wait for one. */
export type Factors = {
  list(subject: string): Promise<OwnFactors>
  /**
   * Creates the secret of a new authenticator, which is active once it is confirmed. Replaces one
   * that was not confirmed.
   * @param factor `sid`: the session that adds it; null: a login
   * @throws Refusal FORBIDDEN if second factors are turned off; CONFLICT if there are too many;
   *   SESSION_ENDED
   */
  add(
    account: Account,
    factor: { readonly name: string; readonly sid: string | null }
  ): Promise<NewFactor>
  /**
   * Confirms a new authenticator with its first code.
   * @param sid the session that adds it
   * @throws Refusal NOT_FOUND; INVALID_REQUEST if the code is wrong; SESSION_ENDED
   */
  confirm(
    account: Account,
    factor: { readonly id: string; readonly code: string; readonly sid: string },
    change: FactorChange
  ): Promise<ConfirmedFactor>
  /** As `renameFactor`. */
  rename(account: Account, factor: Parameters<typeof renameFactor>[2]): Promise<void>
  /** @throws Refusal NOT_FOUND; CONFLICT for the last one where one is required; SESSION_ENDED */
  remove(
    account: Account,
    factor: { readonly id: string; readonly sid: string },
    change: FactorChange
  ): Promise<void>
  /** Replaces the recovery codes. @throws Refusal CONFLICT if there is no factor; SESSION_ENDED */
  renewCodes(account: Account, sid: string, change: FactorChange): Promise<readonly string[]>
  /** Removes all factors, for an operator. */
  reset(
    account: Account,
    change: FactorChange
  ): Promise<{ readonly removed: number; readonly ended: readonly string[] }>
  /** Whether the password of this account is not enough for a login. */
  isNeeded(account: Account): boolean
  /** Asks for the second factor after the first proof. Returns the refusal to throw. */
  challenge(account: Account, first: ProvenFirst, source: RequestSource): Promise<Refusal>
  /** The login of a challenge. @throws Refusal UNAUTHENTICATED, the same for every cause */
  waiting(challenge: string): Promise<WaitingLogin>
  /** Compares an answer, after it was counted. @throws Refusal if it is wrong or comes too soon */
  answer(waiting: WaitingLogin, answer: FactorAnswer, by: Answerer): Promise<ProvenLogin>
  /**
   * Confirms the first authenticator of an account with its first code, where every login needs
   * one.
   * @throws Refusal as `answer`
   */
  enrol(waiting: WaitingLogin, code: string, by: Answerer): Promise<EnrolledLogin>
  /** As `askForFirstPasskey`. */
  askForFirstPasskey(waiting: WaitingLogin): ReturnType<typeof askForFirstPasskey>
  /** As `enrolPasskey`. */
  enrolPasskey(
    waiting: WaitingLogin,
    added: Parameters<typeof enrolPasskey>[2],
    by: Answerer
  ): Promise<EnrolledLogin>
  /** As `askForPasskey`. */
  askForPasskey(account: Account, sid: string): ReturnType<typeof askForPasskey>
  /** As `addPasskey`. */
  addPasskey(
    account: Account,
    added: Parameters<typeof addPasskey>[2],
    change: FactorChange
  ): Promise<AddedPasskey>
  /** As `askForLogin`. */
  askForLogin(): PasskeyRequest
  /** As `claimedByPasskey`. */
  claimedByPasskey(assertion: PasskeyAssertion, source: RequestSource): Promise<Account>
  /** As `answerByPasskey`. */
  answerByPasskey(account: Account, assertion: PasskeyAssertion, by: Answerer): Promise<ProvenLogin>
  /** As `askToStepUp`. */
  askToStepUp(subject: string, sid: string): Promise<PasskeyRequest>
  /**
   * Strengthens an open session: its user has proved a factor again.
   * @throws Refusal UNAUTHENTICATED if the answer is wrong; RATE_LIMITED; SESSION_ENDED
   */
  stepUp(account: Account, sid: string, answer: FactorAnswer, by: Answerer): Promise<void>
}

export function factors(ports: FactorPorts): Factors {
  const { db, policy } = ports
  return {
    list: (subject) => listFactors(db, subject),
    add: (account, factor) => addFactor(ports, account, factor),
    confirm: (account, factor, change) => confirmOwnFactor(ports, account, factor, change),
    rename: (account, factor) => renameFactor(ports, account, factor),
    remove: (account, factor, change) => removeOwnFactor(ports, account, factor, change),
    renewCodes: (account, sid, change) => renewRecoveryCodes(ports, account, sid, change),
    reset: (account, change) =>
      db
        .transaction()
        .execute((transaction) => resetFactors(transaction, account, { ...change, ...ports })),
    isNeeded: (account) => needsFactor(account, policy),
    challenge: (account, first, source) => challengeLogin(ports, account, first, source),
    waiting: (challenge) => waitingLogin(ports, challenge),
    answer: (waiting, answer, by) => answerChallenge(ports, waiting, answer, by),
    enrol: (waiting, code, by) => enrolByLogin(ports, waiting, code, by),
    askForFirstPasskey: (waiting) => askForFirstPasskey(ports, waiting),
    enrolPasskey: (waiting, added, by) => enrolPasskey(ports, waiting, added, by),
    askForPasskey: (account, sid) => askForPasskey(ports, account, sid),
    addPasskey: (account, added, change) => addPasskey(ports, account, added, change),
    askForLogin: () => askForLogin(ports),
    claimedByPasskey: (assertion, source) => claimedByPasskey(ports, assertion, source),
    answerByPasskey: (account, assertion, by) => answerByPasskey(ports, account, assertion, by),
    askToStepUp: (subject, sid) => askToStepUp(ports, subject, sid),
    stepUp: (account, sid, answer, by) => stepUp(ports, account, { sid, answer }, by)
  }
}
