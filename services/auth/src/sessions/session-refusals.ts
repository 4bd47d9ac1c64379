import { bearerChallenge } from '@gatehouse/problem/challenge'
import { Refusal } from '@gatehouse/problem/refusal'

export const noRefreshToken = (detail: string) =>
  new Refusal('UNAUTHENTICATED', {
    reason: 'the request has no refresh token, neither in the body nor in the cookie',
    detail,
    headers: bearerChallenge()
  })

export const unknownRefreshToken = () =>
  new Refusal('UNAUTHENTICATED', {
    reason: 'the refresh token was not issued here',
    headers: bearerChallenge({ error: 'invalid_token' })
  })

export const sessionEnded = (reason: string) =>
  new Refusal('SESSION_ENDED', { reason, headers: bearerChallenge({ error: 'invalid_token' }) })

export const noSuchSession = () =>
  new Refusal('NOT_FOUND', {
    reason: 'no live session of this user has the id',
    detail: 'there is no such session'
  })

export const scopeTooWide = () =>
  new Refusal('INVALID_REQUEST', {
    reason: 'the request asks for more scope than the session has',
    detail: 'the requested scope exceeds the scope of the session'
  })

export const tooManyRefreshes = (retryAfterSeconds: number) =>
  new Refusal('RATE_LIMITED', {
    reason: 'the session refreshes too often',
    headers: { 'retry-after': String(retryAfterSeconds) }
  })

/** During an upgrade, or after one was rolled back: another instance may be able to read it. */
export const newerFormat = () =>
  new Refusal('UNAVAILABLE', {
    reason:
      'a newer version of the auth service wrote the session in a format that this one cannot read',
    headers: { 'retry-after': '1' }
  })
