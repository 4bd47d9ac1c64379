import { Refusal } from '@gatehouse/problem/refusal'

export const mailOff = () =>
  new Refusal('FORBIDDEN', {
    reason: 'AUTH_MAIL_URL is not set',
    detail: 'this installation sends no mail'
  })

export const mailQueueFull = () =>
  new Refusal('UNAVAILABLE', {
    reason: 'too many letters wait to be sent',
    headers: { 'retry-after': '60' }
  })

/** The same for every cause: a guesser learns nothing from it. */
export const tokenInvalid = () =>
  new Refusal('FORBIDDEN', {
    reason: 'the token of a letter is unknown, used, expired or for something else',
    detail: 'the link is unknown, used or expired'
  })

export const tooManyLetters = (retryAfterSeconds: number) =>
  new Refusal('RATE_LIMITED', {
    reason: 'the address asks for letters too often',
    headers: { 'retry-after': String(retryAfterSeconds) }
  })

export const noSuchLetter = (which: string) =>
  new Refusal('NOT_FOUND', {
    reason: `no ${which} letter has the id`,
    detail: `there is no ${which} letter with this id`
  })
