import { Refusal } from '@gatehouse/problem/refusal'

/** The refusals about signing keys. */

export const noSuchKey = () =>
  new Refusal('NOT_FOUND', { reason: 'no such signing key', detail: 'there is no such key' })

export const keyCannot = (change: 'activated' | 'retired', state: string) =>
  new Refusal('CONFLICT', {
    reason: `a key that is ${state} cannot be ${change}`,
    detail: `the key is ${state} and cannot be ${change}`
  })

export const tooManyKeys = () =>
  new Refusal('CONFLICT', {
    reason: 'too many signing keys are published',
    detail:
      'too many keys are published: retire a key that never signed, or wait until another key has retired'
  })

export const keyStillSigns = () =>
  new Refusal('CONFLICT', {
    reason: 'the active key cannot be retired',
    detail: 'the key is active: activate another key, and this one retires by itself'
  })

export const keyStillNeeded = (withdrawAt: number) =>
  new Refusal('CONFLICT', {
    reason: 'tokens that the key signed may still be valid',
    detail: `tokens that the key signed are valid until ${new Date(withdrawAt * 1000).toISOString()}; then the key retires by itself`
  })

/** @param names the names that gateways report, restricted to what can be shown */
export const keyNotHeld = (kid: string, names: readonly string[]) => {
  const gateways = names.map((name) => name.replace(/[^\x21-\x7e]/g, '?')).join(', ')
  return new Refusal('CONFLICT', {
    reason: `these gateways do not have the key ${kid}: ${gateways}`,
    detail: `the key ${kid} stays standby, because these gateways do not have it yet: ${gateways}`
  })
}

export const revocationUnpublished = (cause: unknown) =>
  new Refusal('UNAVAILABLE', {
    reason: 'a key is revoked, but writing to the revocation log failed',
    detail:
      'the key is revoked and no longer signs; the gateways learn of it as soon as the session store answers',
    headers: { 'retry-after': '1' },
    cause
  })

export const keysUnknown = (cause: unknown) =>
  new Refusal('UNAVAILABLE', {
    reason:
      'the signing keys could not be read for too long, so one of them may have been withdrawn',
    headers: { 'retry-after': '1' },
    cause
  })

export const keysUnreadable = (cause: unknown) =>
  new Refusal('UNAVAILABLE', {
    reason:
      'the signing keys cannot be read, and one of them may have been created or revoked meanwhile',
    headers: { 'retry-after': '1' },
    cause
  })
