import { bearerChallenge } from '@gatehouse/problem/challenge'
import { Refusal } from '@gatehouse/problem/refusal'

/** Every "no" of the auth service. The same words for every cause that a client must not tell apart. */

export const wrongCredentials = () =>
  new Refusal('UNAUTHENTICATED', {
    reason: 'unknown e-mail, wrong password or disabled account',
    detail: 'the e-mail or the password is wrong',
    headers: bearerChallenge()
  })

export const noRefreshToken = () =>
  new Refusal('UNAUTHENTICATED', {
    reason: 'no refresh token in the body or the cookie',
    headers: bearerChallenge()
  })

export const unknownRefreshToken = () =>
  new Refusal('UNAUTHENTICATED', {
    reason: 'a refresh token that was not made here',
    headers: bearerChallenge({ error: 'invalid_token' })
  })

export const sessionEnded = (reason: string) =>
  new Refusal('SESSION_ENDED', { reason, headers: bearerChallenge({ error: 'invalid_token' }) })

export const notAnOperator = () =>
  new Refusal('UNAUTHENTICATED', {
    reason: 'no ops token, or another one',
    headers: bearerChallenge()
  })

export const notForBrowsers = () =>
  new Refusal('FORBIDDEN', {
    reason: 'an ops call from a browser, or for another host',
    detail: 'the ops API is not for browsers'
  })

export const noSuchUser = () =>
  new Refusal('NOT_FOUND', { reason: 'no such user', detail: 'there is no such user' })

export const noSuchClient = () =>
  new Refusal('NOT_FOUND', { reason: 'no such client', detail: 'there is no such client' })

export const noSuchSession = () =>
  new Refusal('NOT_FOUND', { reason: 'no live session of this user has the id' })

/** A change that is made, and of which gateways do not know yet. */
export const changeUntold = (cause: unknown) =>
  new Refusal('UNAVAILABLE', {
    reason: 'a change of rights is made, and the log of revocations did not take it',
    detail:
      'the change is made, but gateways could not be told; they are as soon as the store answers',
    headers: { 'retry-after': '1' },
    cause
  })

export const scopeTooWide = () =>
  new Refusal('INVALID_REQUEST', {
    reason: 'more scope than the session has',
    detail: 'the scope is more than the session has'
  })

export const tooManyRefreshes = (retryAfterSeconds: number) =>
  new Refusal('RATE_LIMITED', {
    reason: 'the session refreshes too often',
    headers: { 'retry-after': String(retryAfterSeconds) }
  })

export const tooManyGuesses = (retryAfterSeconds: number) =>
  new Refusal('RATE_LIMITED', {
    reason: 'too many failed logins to this account from where it is not known',
    headers: { 'retry-after': String(retryAfterSeconds) }
  })

export const tooManyCredentials = (retryAfterSeconds: number) =>
  new Refusal('RATE_LIMITED', {
    reason: 'the address sends credentials too often',
    headers: { 'retry-after': String(retryAfterSeconds) }
  })

export const tooManyPasswords = () =>
  new Refusal('UNAVAILABLE', {
    reason: 'too many passwords wait to be hashed',
    headers: { 'retry-after': '1' }
  })

export const crossSite = () =>
  new Refusal('FORBIDDEN', {
    reason: 'the request comes from another site',
    detail: 'requests from other sites are not allowed'
  })

export const emailTaken = () =>
  new Refusal('CONFLICT', {
    reason: 'the e-mail is taken',
    detail: 'the e-mail address is taken'
  })

export const invalidMember = (member: string, rule: string) =>
  new Refusal('INVALID_REQUEST', {
    reason: `${member} ${rule}`,
    detail: `body/${member} ${rule}`
  })

export const databaseUnavailable = (cause: unknown) =>
  new Refusal('UNAVAILABLE', {
    reason: 'the database did not answer',
    headers: { 'retry-after': '1' },
    cause
  })

export const storeUnavailable = (cause: unknown) =>
  new Refusal('UNAVAILABLE', {
    reason: 'the session store did not answer',
    headers: { 'retry-after': '1' },
    cause
  })
