import { Refusal } from '@gatehouse/problem/refusal'

export const mailOff = () =>
  new Refusal('FORBIDDEN', {
    reason: 'AUTH_MAIL_URL is not set',
    detail: 'this installation sends no mail'
  })

export const mailQueueFull = () =>
  new Refusal('UNAVAILABLE', {
    reason: 'too many e-mails wait to be sent',
    headers: { 'retry-after': '60' }
  })

export const tooManyAsking = () =>
  new Refusal('UNAVAILABLE', {
    reason: 'too many clients request e-mails at the same time',
    headers: { 'retry-after': '1' }
  })

export const tooManyLetters = (retryAfterSeconds: number) =>
  new Refusal('RATE_LIMITED', {
    reason: 'the address asks for e-mails too often',
    headers: { 'retry-after': String(retryAfterSeconds) }
  })

export const noSuchLetter = (which: string) =>
  new Refusal('NOT_FOUND', {
    reason: `no ${which} e-mail has the id`,
    detail: `there is no ${which} e-mail with this id`
  })
