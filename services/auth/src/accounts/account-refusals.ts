import { bearerChallenge } from '@gatehouse/problem/challenge'
import { Refusal } from '@gatehouse/problem/refusal'

export const wrongCredentials = () =>
  new Refusal('UNAUTHENTICATED', {
    reason: 'the e-mail address is unknown, the password is wrong, or the account is disabled',
    detail: 'the e-mail address or the password is wrong',
    headers: bearerChallenge()
  })

/** Tokens of machine clients and of other issuers have no session and no account here. */
export const noAccount = () =>
  new Refusal('FORBIDDEN', {
    reason: 'the token has no session',
    detail: 'only users of this installation have an account: machine clients do not'
  })

export const noSuchUser = () =>
  new Refusal('NOT_FOUND', { reason: 'no such user', detail: 'there is no such user' })

export const tooManyPasswords = () =>
  new Refusal('UNAVAILABLE', {
    reason: 'too many passwords wait to be hashed',
    headers: { 'retry-after': '1' }
  })

export const tooManyWaiting = () =>
  new Refusal('RATE_LIMITED', {
    reason: 'too many requests of the account wait for those before them',
    headers: { 'retry-after': '1' }
  })

export const registrationOff = () =>
  new Refusal('FORBIDDEN', {
    reason: 'registration is off',
    detail: 'registration is off: only an operator can create accounts'
  })

export const registrationSignedIn = () =>
  new Refusal('FORBIDDEN', {
    reason: 'a signed-in user sent a registration',
    detail: 'sign out before you register another account'
  })

/** Only a caller who knows the password gets this. */
export const emailUnverified = () =>
  new Refusal('FORBIDDEN', {
    reason: 'the e-mail address is not verified',
    detail: 'verify the e-mail address first'
  })

export const emailTaken = () =>
  new Refusal('CONFLICT', {
    reason: 'the e-mail is taken',
    detail: 'the e-mail address is taken'
  })
