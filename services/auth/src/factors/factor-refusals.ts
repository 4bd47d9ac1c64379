import { bearerChallenge } from '@gatehouse/problem/challenge'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FactorMethod } from './factor-table.ts'
import type { PasskeyRequest } from './passkeys/passkey-assertion.ts'

/** A login that waits for a second factor, as its client sees it. */
export type OpenChallenge = {
  readonly challenge: string
  /** seconds */
  readonly expiresIn: number
  /** what can answer it; empty: the account has to enrol an authenticator first */
  readonly factors: readonly FactorMethod[]
  /** if a passkey can answer it: the options of `navigator.credentials.get()` */
  readonly passkey?: PasskeyRequest
}

/** The password was right. Only a person who knows it learns that there is a second factor. */
export const factorRequired = (open: OpenChallenge) =>
  new Refusal('FACTOR_REQUIRED', {
    reason: 'the password is right, and a second factor is missing',
    detail:
      open.factors.length === 0
        ? 'the account must have a second factor: enrol one'
        : 'answer the challenge with a second factor',
    headers: bearerChallenge(),
    members: open
  })

/** What was wrong, for people. */
const wrong = (method: FactorMethod) =>
  method === 'passkey'
    ? 'the passkey is not one of the account, or its answer is wrong, or was used before'
    : 'the code is wrong, or was used before'

/** The challenge can be answered again. */
export const wrongFactor = (open: OpenChallenge, method: FactorMethod) =>
  new Refusal('FACTOR_REQUIRED', {
    reason: wrong(method),
    detail: wrong(method),
    headers: bearerChallenge(),
    members: open
  })

/** The same text for every cause, so that a guessed challenge reveals nothing. */
export const challengeInvalid = (reason: string) =>
  new Refusal('UNAUTHENTICATED', {
    reason,
    detail: 'the challenge is unknown, used or expired: sign in again',
    headers: bearerChallenge()
  })

/** The first factor of an account was added by a login whose session could not be opened. */
export const signInAgain = () =>
  new Refusal('UNAUTHENTICATED', {
    reason: 'the first factor was added, but the session could not be opened',
    detail: 'the factor was added, but the session could not be opened: sign in with the factor',
    headers: bearerChallenge()
  })

export const wrongCode = () =>
  new Refusal('INVALID_REQUEST', {
    reason: 'the code of a new authenticator is wrong',
    detail: 'body/totp is not the current code of this authenticator'
  })

export const noSuchFactor = () =>
  new Refusal('NOT_FOUND', {
    reason: 'the user has no such factor',
    detail: 'there is no such factor'
  })

export const factorsOff = () =>
  new Refusal('FORBIDDEN', {
    reason: 'AUTH_SECOND_FACTOR is off',
    detail: 'second factors are turned off'
  })

export const tooManyFactors = (most: number) =>
  new Refusal('CONFLICT', {
    reason: 'the account has as many factors as it may have',
    detail: `an account has at most ${most} factors: remove one first`
  })

export const lastFactor = () =>
  new Refusal('CONFLICT', {
    reason: 'the request removes the last factor of an account that must have one',
    detail: 'the account must have a second factor: add another one first'
  })

export const factorMissing = () =>
  new Refusal('CONFLICT', {
    reason: 'the account has no factors, so it has no recovery codes',
    detail: 'recovery codes replace a factor: add one first'
  })

export const oneAnswer = () =>
  new Refusal('INVALID_REQUEST', {
    reason: 'the request must have exactly one code of a factor that the account has',
    detail:
      'body must have exactly one of passkey, totp and recoveryCode; a first authenticator is confirmed with totp'
  })

export const wrongStepUp = (method: FactorMethod) =>
  new Refusal('UNAUTHENTICATED', {
    reason: `step-up: ${wrong(method)}`,
    detail: wrong(method),
    headers: bearerChallenge()
  })

/** @param hasFactor whether the account has a second factor */
export const stepUpProof = (hasFactor: boolean) =>
  new Refusal('INVALID_REQUEST', {
    reason:
      'the proof is not one that the account requires: its factor, or else its password or provider',
    detail: hasFactor
      ? 'body must have exactly one of passkey, totp and recoveryCode: the account has a second factor'
      : 'body must have exactly one of password and provider: the account has no second factor'
  })
