import { Refusal } from '@gatehouse/problem/refusal'

/**
 * The refusals that several folders share: about the stores, and about the members of a body. Each
 * folder has those about its own subject. Causes that a client must not distinguish have the same
 * text.
 */

export const fleetUnavailable = (cause: unknown) =>
  new Refusal('UNAVAILABLE', {
    reason: 'the list of live gateways cannot be read',
    detail: 'the list of live gateways cannot be read',
    headers: { 'retry-after': '1' },
    cause
  })

/** @param most how many are listed */
export const tooManyGateways = (most: number) =>
  new Refusal('UNAVAILABLE', {
    reason: `${most} gateways or more are announced in Redis, so some may not be listed`,
    detail: `it is not known whether every gateway has the key: ${most} or more gateways are announced in Redis`,
    headers: { 'retry-after': '10' }
  })

export const invalidMember = (member: string, rule: string) =>
  new Refusal('INVALID_REQUEST', {
    reason: `${member} ${rule}`,
    detail: `body/${member} ${rule}`
  })

export const unstorable = () =>
  new Refusal('INVALID_REQUEST', {
    reason: 'the request has a string or number that the database cannot store',
    detail: 'a string contains NUL or half of a surrogate pair, or a number is too large'
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
