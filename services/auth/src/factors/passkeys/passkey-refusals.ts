import { bearerChallenge } from '@gatehouse/problem/challenge'
import { Refusal } from '@gatehouse/problem/refusal'

/** The same text for every cause, so that it tells nothing about accounts. */
export const wrongPasskey = (reason: string) =>
  new Refusal('UNAUTHENTICATED', {
    reason,
    detail: 'the passkey was not accepted: sign in with the password',
    headers: bearerChallenge()
  })

export const passkeyInvalid = (reason: string) =>
  new Refusal('INVALID_REQUEST', {
    reason,
    detail: 'body/passkey is not valid for the challenge of this session: request new options'
  })

export const passkeyTaken = () =>
  new Refusal('CONFLICT', {
    reason: 'the credential of a new passkey is already stored',
    detail: 'this passkey has already been added'
  })

export const passkeysOff = () =>
  new Refusal('FORBIDDEN', {
    reason: 'AUTH_PASSKEYS does not allow this request, or no domain is set',
    detail: 'this installation does not accept passkeys for this request'
  })

export const noPasskey = () =>
  new Refusal('NOT_FOUND', {
    reason: 'the user has no passkey',
    detail: 'the account has no passkey'
  })
