import { bearerChallenge } from '@gatehouse/problem/challenge'
import { Refusal } from '@gatehouse/problem/refusal'

/**
 * The refusals of the gateway, except that of the redirect to https: few codes for clients, and a
 * separate reason for the log in each.
 */

/**
 * The connection has closed, and with it the address of its client is lost. The request must not be
 * forwarded: otherwise a client that resets its connection at once would have no address.
 */
export const clientGone = () =>
  new Refusal('INVALID_REQUEST', { reason: 'the client closed the connection' })

/** @param detail for the client, and for the log if there is no other reason */
export const malformed = (detail: string, reason = detail) =>
  new Refusal('INVALID_REQUEST', { reason, detail, headers: { connection: 'close' } })

export const tooManyHeaders = () =>
  new Refusal('INVALID_REQUEST', {
    status: 431,
    reason: 'the request has too many header lines',
    detail: 'too many header lines',
    headers: { connection: 'close' }
  })

export const pathTooLong = () =>
  new Refusal('INVALID_REQUEST', {
    status: 414,
    reason: 'the request target is too long',
    detail: 'the path with its query is too long',
    headers: { connection: 'close' }
  })

export const bodyTooLarge = () =>
  new Refusal('INVALID_REQUEST', {
    status: 413,
    reason: 'the body exceeds the limit of the route',
    detail: 'the body is too large'
  })

export const slowBody = () =>
  new Refusal('INVALID_REQUEST', {
    reason: 'the body did not arrive in time',
    detail: 'the body did not arrive in time',
    headers: { connection: 'close' }
  })

export const noRoute = () => new Refusal('NOT_FOUND', { reason: 'no route matches the path' })

export const methodNotAllowed = (allowed: readonly string[]) =>
  new Refusal('METHOD_NOT_ALLOWED', {
    reason: 'the route does not allow the method',
    headers: { allow: allowed.join(', ') }
  })

export const noToken = () =>
  new Refusal('UNAUTHENTICATED', { reason: 'the request has no token', headers: bearerChallenge() })

export const invalidToken = (reason: string) =>
  new Refusal('UNAUTHENTICATED', {
    reason,
    headers: bearerChallenge({
      error: 'invalid_token',
      description: 'the access token is not valid'
    })
  })

export const otherAudience = () => invalidToken('the token was exchanged for another audience')

export const tokenExpired = () =>
  new Refusal('TOKEN_EXPIRED', {
    reason: 'the access token has expired',
    headers: bearerChallenge({
      error: 'invalid_token',
      description: 'the access token has expired'
    })
  })

export const sessionEnded = () =>
  new Refusal('SESSION_ENDED', {
    reason: 'the session is revoked',
    headers: bearerChallenge({ error: 'invalid_token', description: 'the session has ended' })
  })

/** A refresh returns a token with the current rights, signed with a trusted key. */
export const tokenStale = (reason: string) =>
  new Refusal('TOKEN_STALE', {
    reason,
    headers: bearerChallenge({
      error: 'invalid_token',
      description: 'the access token is out of date'
    })
  })

export const scopeMissing = (scopes: readonly string[]) =>
  new Refusal('FORBIDDEN', {
    reason: 'a scope is missing',
    detail: `the request needs the scope ${scopes.join(' ')}`,
    headers: bearerChallenge({ error: 'insufficient_scope', scope: scopes.join(' ') })
  })

export const roleMissing = () =>
  new Refusal('FORBIDDEN', {
    reason: 'a role is missing',
    detail: 'the request needs a role that the user does not have'
  })

/** What the authentication of a user lacks for a route (RFC 9470 §3). */
type Insufficiency = { readonly maxAgeSeconds?: number; readonly acrValues?: readonly string[] }

export const authenticationInsufficient = (lacks: Insufficiency) => {
  const { maxAgeSeconds, acrValues } = lacks
  const needs = [
    maxAgeSeconds === undefined ? null : `a login within the last ${maxAgeSeconds} seconds`,
    acrValues === undefined ? null : `an authentication of the class ${acrValues.join(' or ')}`
  ].filter((one) => one !== null)
  const missing = acrValues === undefined ? 'a more recent login' : 'stronger authentication'
  return new Refusal('UNAUTHENTICATED', {
    reason:
      maxAgeSeconds === undefined
        ? 'the user is not authenticated well enough for the route'
        : 'the login is too old for the route',
    detail: `the request needs ${needs.join(' and ')}`,
    headers: bearerChallenge({
      error: 'insufficient_user_authentication',
      description: `${missing} is needed`,
      ...lacks
    })
  })
}

export const untrustedProxy = () =>
  new Refusal('FORBIDDEN', {
    reason: 'the subrequest comes from an address that is not in GATEWAY_TRUSTED_PROXIES',
    detail: 'only the trusted proxies may ask about requests'
  })

export const foreignOrigin = () =>
  new Refusal('FORBIDDEN', {
    reason: 'the WebSocket comes from a page of another origin',
    detail:
      'WebSocket connections are allowed only from pages of this origin and of the origins in ALLOWED_ORIGINS or of the route'
  })

/**
 * @param isOrigin whether the page has an origin that can be listed; a sandboxed or local page has
 * none
 */
export const originNotListed = (isOrigin: boolean) =>
  new Refusal('FORBIDDEN', {
    reason: 'the origin of the preflight is not listed',
    detail: isOrigin
      ? 'the origin of the page is not listed in ALLOWED_ORIGINS, or for the route, so the page may not use this API'
      : 'the page is sandboxed or local, so it has no origin that could be listed in ALLOWED_ORIGINS or for the route'
  })

export const rateLimited = (retryAfterSeconds: number) =>
  new Refusal('RATE_LIMITED', {
    reason: 'the request exceeds the limit of the route',
    headers: { 'retry-after': String(retryAfterSeconds) }
  })

export const notYet = (reason: string) =>
  new Refusal('UNAVAILABLE', { reason, headers: { 'retry-after': '1' } })

/**
 * Our own auth service has written more than fits into the identity headers: a fault of this
 * system.
 */
export const identityTooLarge = (cause: unknown) =>
  new Refusal('INTERNAL', { reason: 'the identity exceeds the header budget', cause })

/** Another issuer has written too much; this system works correctly. */
export const claimsTooLarge = ({ message }: Error) =>
  new Refusal('INVALID_REQUEST', {
    status: 431,
    reason: message,
    detail: `the claims of the access token are too large to forward: ${message}`
  })

export const upstreamBusy = () =>
  new Refusal('UNAVAILABLE', {
    reason: 'every connection to the upstream is taken',
    headers: { 'retry-after': '1' }
  })

/** Slow requests of one caller must not leave a service without capacity for all others. */
export const callerBusy = () =>
  new Refusal('RATE_LIMITED', {
    reason: 'the caller already uses its share of the connections to the upstream',
    detail: 'too many requests at the same time',
    headers: { 'retry-after': '1' }
  })

/** Unfinished bodies of many callers must not fill the memory. */
export const bodiesBusy = () =>
  new Refusal('UNAVAILABLE', {
    reason: 'the memory for bodies that are arriving is taken',
    headers: { 'retry-after': '1' }
  })

/** Unfinished bodies of one caller must not keep out those of all others. */
export const bodiesOfCallerBusy = () =>
  new Refusal('RATE_LIMITED', {
    reason: 'the caller already uses its share of the memory for bodies that are arriving',
    detail: 'too many requests at the same time',
    headers: { 'retry-after': '1' }
  })

export const upstreamUnavailable = (
  cause: unknown,
  reason = 'the upstream sent no valid response'
) => new Refusal('UPSTREAM_UNAVAILABLE', { reason, cause })

export const upstreamTimeout = (cause: unknown) =>
  new Refusal('UPSTREAM_TIMEOUT', { reason: 'the upstream did not respond in time', cause })
