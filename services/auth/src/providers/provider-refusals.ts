import { bearerChallenge } from '@gatehouse/problem/challenge'
import { Refusal } from '@gatehouse/problem/refusal'

export const noSuchProvider = () =>
  new Refusal('NOT_FOUND', {
    reason: 'no such provider is configured',
    detail: 'there is no such provider'
  })

export const returnNotAllowed = () =>
  new Refusal('INVALID_REQUEST', {
    reason: 'the login asks to return to a URL that is not in AUTH_RETURN_URLS',
    detail: 'querystring/returnTo must be one of AUTH_RETURN_URLS, byte for byte'
  })

export const cannotReauthenticate = () =>
  new Refusal('INVALID_REQUEST', {
    reason: 'the provider cannot be asked to authenticate its user again',
    detail: 'querystring/prompt is not possible: this provider cannot ask its user to sign in again'
  })

export const notReauthenticated = () =>
  new Refusal('INVALID_REQUEST', {
    reason: 'the login at the provider began without prompt=login',
    detail: 'body/provider belongs to a login that began without prompt=login'
  })

export const someoneElse = () =>
  new Refusal('UNAUTHENTICATED', {
    reason: 'the person who came back from the provider is not linked to the account',
    detail: 'the account at the provider is not linked to this account, or must be linked again',
    headers: bearerChallenge()
  })

/** There is no page to which the browser could be sent. */
export const noLoginInProgress = () =>
  new Refusal('INVALID_REQUEST', {
    reason: 'the browser has no cookie of a login at a provider',
    detail: 'no login is in progress in this browser: start again'
  })

/** The same for every cause. */
export const providerLoginRefused = (reason: string) =>
  new Refusal('UNAUTHENTICATED', {
    reason,
    detail: 'the code is unknown, used or expired, or the verifier is wrong: sign in again',
    headers: bearerChallenge()
  })

export const domainNotAllowed = () =>
  new Refusal('FORBIDDEN', {
    reason: 'the provider has not verified an address of the allowed domains',
    detail: 'this provider signs in only users with a verified address of certain domains'
  })

/** Does not depend on whether there is an account with the address. */
export const addressNotVerified = () =>
  new Refusal('FORBIDDEN', {
    reason: 'the provider does not say that the address is verified',
    detail:
      'verify the e-mail address at the provider, or sign in another way and link the provider'
  })

/** Only somebody who has proven the address, or who was linked before, gets this. */
export const mustLink = () =>
  new Refusal('CONFLICT', {
    reason: 'an account has the address, or the link is older than its password',
    detail: 'an account has this e-mail address: sign in to it another way, and link the provider'
  })

export const linkedToAnother = () =>
  new Refusal('CONFLICT', {
    reason: 'the account at the provider is linked to another account',
    detail: 'this account of the provider is linked to another account here'
  })

export const tooManyIdentities = (most: number) =>
  new Refusal('CONFLICT', {
    reason: 'the account has too many linked providers',
    detail: `an account can have at most ${most} linked providers: remove one first`
  })

export const noSuchIdentity = () =>
  new Refusal('NOT_FOUND', {
    reason: 'no such linked provider',
    detail: 'there is no such linked provider'
  })

export const lastWayIn = () =>
  new Refusal('CONFLICT', {
    reason: 'nothing else would open a session of the account',
    detail: 'nothing else would open a session: set a password or add a passkey first'
  })
