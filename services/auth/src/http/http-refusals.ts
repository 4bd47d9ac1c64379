import { bearerChallenge } from '@gatehouse/problem/challenge'
import { Refusal } from '@gatehouse/problem/refusal'

/**
 * The connection has closed, and with it the address of its client is lost. Such a request must
 * have no effect: otherwise a client that resets its connection at once would be past the limits
 * and would have no address in the audit log.
 */
export const clientGone = () =>
  new Refusal('INVALID_REQUEST', { reason: 'the client closed the connection' })

export const notAnOperator = () =>
  new Refusal('UNAUTHENTICATED', {
    reason: 'the token is missing or wrong, or it has expired or was revoked',
    headers: bearerChallenge()
  })

export const notForBrowsers = () =>
  new Refusal('FORBIDDEN', {
    reason: 'the ops request comes from a browser or names another host',
    detail: 'the ops API is not for browsers'
  })

export const twoHosts = () =>
  new Refusal('INVALID_REQUEST', {
    reason: 'the request has several Host headers',
    detail: 'headers/host must be sent once'
  })

export const consoleNotBuilt = () =>
  new Refusal('NOT_FOUND', {
    reason: 'the console was not built',
    detail: 'the console was not built: npm run build:console'
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

export const invalidParameter = (name: string, rule: string) =>
  new Refusal('INVALID_REQUEST', {
    reason: `the parameter ${name} ${rule}`,
    detail: `querystring/${name} ${rule}`
  })

export const gatewayKeysUnavailable = (cause: unknown) =>
  new Refusal('UNAVAILABLE', {
    reason: 'the keys of the gateways cannot be fetched',
    headers: { 'retry-after': '1' },
    cause
  })

export const badEventId = () =>
  new Refusal('INVALID_REQUEST', {
    reason: 'Last-Event-ID is not the id of an event',
    detail: 'headers/last-event-id must be the id of an event'
  })

export const tooManyEventStreams = () =>
  new Refusal('UNAVAILABLE', {
    reason: 'too many event streams are open',
    detail: 'too many event streams are open',
    headers: { 'retry-after': '10' }
  })

export const tooManyQuestions = () =>
  new Refusal('UNAVAILABLE', {
    reason: 'too many questions to gateways are open',
    detail: 'too many questions to gateways are open: wait for an answer',
    headers: { 'retry-after': '5' }
  })

export const noSuchGateway = () =>
  new Refusal('NOT_FOUND', {
    reason: 'no such gateway is live',
    detail: 'no live gateway has this id or name'
  })

export const ambiguousGateway = (count: number) =>
  new Refusal('CONFLICT', {
    reason: 'several gateways have the name',
    detail: `${count} gateways have this name: use the id of one of them`
  })

export const takesNoOrders = () =>
  new Refusal('CONFLICT', {
    reason: 'the gateway is of an earlier version',
    detail: 'the gateway is of an earlier version, which cannot be drained'
  })

export const lastGateway = () =>
  new Refusal('CONFLICT', {
    reason: 'no other gateway serves clients',
    detail: 'no other gateway would be left that serves clients; use force to drain it anyway'
  })

export const gatewaySilent = () =>
  new Refusal('UNAVAILABLE', {
    reason: 'the gateway does not answer',
    detail: 'the gateway does not answer; it may still carry out the order within two minutes',
    headers: { 'retry-after': '5' }
  })

export const tooManyOwnEventStreams = () =>
  new Refusal('UNAVAILABLE', {
    reason: 'the operator has too many event streams',
    detail: 'you have too many event streams open: close one of them',
    headers: { 'retry-after': '10' }
  })
