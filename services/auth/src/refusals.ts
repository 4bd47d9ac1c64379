import { bearerChallenge } from '@gatehouse/problem/challenge'
import { Refusal } from '@gatehouse/problem/refusal'

/**
 * The refusals of the auth service; keys/key-refusals.ts has those about signing keys. Causes that
 * a client must not distinguish have the same text.
 */

/**
 * The connection has closed, and with it the address of its client is lost. Such a request must
 * have no effect: otherwise a client that resets its connection at once would be past the limits
 * and would have no address in the audit log.
 */
export const clientGone = () =>
  new Refusal('INVALID_REQUEST', { reason: 'the client closed the connection' })

export const wrongCredentials = () =>
  new Refusal('UNAUTHENTICATED', {
    reason: 'unknown e-mail, wrong password or disabled account',
    detail: 'the e-mail address or the password is wrong',
    headers: bearerChallenge()
  })

export const noRefreshToken = (detail: string) =>
  new Refusal('UNAUTHENTICATED', {
    reason: 'no refresh token in the body or the cookie',
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

/** Tokens of machine clients and of other issuers have no session and no account here. */
export const noAccount = () =>
  new Refusal('FORBIDDEN', {
    reason: 'a token without a session',
    detail: 'only a user who has signed in here has an account'
  })

export const notAnOperator = () =>
  new Refusal('UNAUTHENTICATED', {
    reason: 'the ops token is missing or wrong',
    headers: bearerChallenge()
  })

export const notForBrowsers = () =>
  new Refusal('FORBIDDEN', {
    reason: 'the ops request comes from a browser or names another host',
    detail: 'the ops API is not for browsers'
  })

export const noSuchUser = () =>
  new Refusal('NOT_FOUND', { reason: 'no such user', detail: 'there is no such user' })

export const noSuchClient = () =>
  new Refusal('NOT_FOUND', { reason: 'no such client', detail: 'there is no such client' })

export const noSuchWebhook = () =>
  new Refusal('NOT_FOUND', {
    reason: 'no such webhook endpoint',
    detail: 'there is no such webhook endpoint'
  })

export const noSuchDelivery = (which: string) =>
  new Refusal('NOT_FOUND', {
    reason: `no ${which} delivery has the id`,
    detail: `there is no ${which} delivery with this id`
  })

export const noSuchSession = () =>
  new Refusal('NOT_FOUND', { reason: 'no live session of this user has the id' })

/** A change was made, but gateways have not been told of it yet. */
export const changeUntold = (cause: unknown) =>
  new Refusal('UNAVAILABLE', {
    reason: 'a change of rights is stored, but writing to the revocation log failed',
    detail: 'the change is stored; the gateways learn of it as soon as the session store answers',
    headers: { 'retry-after': '1' },
    cause
  })

export const fleetUnavailable = (cause: unknown) =>
  new Refusal('UNAVAILABLE', {
    reason: 'the list of live gateways cannot be read',
    detail: 'the list of live gateways cannot be read',
    headers: { 'retry-after': '1' },
    cause
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

export const tooManyGuesses = (retryAfterSeconds: number) =>
  new Refusal('RATE_LIMITED', {
    reason: 'too many failed logins to this account by unknown callers',
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
    detail:
      'requests from other sites are not allowed; ALLOWED_ORIGINS of the auth service lists the exceptions'
  })

/** @param page the page whose browser would drop the cookie */
export const cookieNotKept = (page: string) =>
  new Refusal('INVALID_REQUEST', {
    reason: `the browser would drop the cookie of a page ${page}`,
    detail: `body/delivery cannot be cookie for a page ${page}: its browser would drop the cookie; use delivery body, or see AUTH_COOKIE_SAME_SITE`
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

/** Only who knows the password learns of it. */
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

export const invalidMember = (member: string, rule: string) =>
  new Refusal('INVALID_REQUEST', {
    reason: `${member} ${rule}`,
    detail: `body/${member} ${rule}`
  })

export const invalidParameter = (name: string, rule: string) =>
  new Refusal('INVALID_REQUEST', {
    reason: `the parameter ${name} ${rule}`,
    detail: `querystring/${name} ${rule}`
  })

export const unstorable = () =>
  new Refusal('INVALID_REQUEST', {
    reason: 'a string or number that the database cannot store',
    detail: 'a string contains NUL or half of a surrogate pair, or a number is too large'
  })

export const databaseUnavailable = (cause: unknown) =>
  new Refusal('UNAVAILABLE', {
    reason: 'the database did not answer',
    headers: { 'retry-after': '1' },
    cause
  })

/** During an upgrade, or after one was rolled back: another instance may be able to read it. */
export const newerFormat = () =>
  new Refusal('UNAVAILABLE', {
    reason:
      'a newer version of the auth service wrote the session in a format that this one cannot read',
    headers: { 'retry-after': '1' }
  })

export const storeUnavailable = (cause: unknown) =>
  new Refusal('UNAVAILABLE', {
    reason: 'the session store did not answer',
    headers: { 'retry-after': '1' },
    cause
  })

export const gatewayKeysUnavailable = (cause: unknown) =>
  new Refusal('UNAVAILABLE', {
    reason: 'the keys of the gateways cannot be fetched',
    headers: { 'retry-after': '1' },
    cause
  })
