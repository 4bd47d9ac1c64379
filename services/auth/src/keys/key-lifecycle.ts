import type { Algorithm } from '@gatehouse/access-token/claims'
import { MOST_KIDS } from '@gatehouse/fleet/fleet'
import { KEY_MEMORY_SECONDS } from '@gatehouse/revocation/revocation'
import { rememberedSeconds } from '../revocations/remembered-seconds.ts'
import { keyCannot, keyStillNeeded, keyStillSigns, noSuchKey, tooManyKeys } from './key-refusals.ts'
import { isPublished, type KeyState } from './signing-key.ts'

/** The state of a signing key, without the key itself. Times are in seconds since 1970. */
export type KeyRecord = {
  readonly kid: string
  readonly algorithm: Algorithm
  readonly state: KeyState
  readonly createdAt: number
  readonly activatedAt: number | null
  readonly retiringAt: number | null
  /** when the last token that it signed has expired */
  readonly withdrawAt: number | null
  /** when it was retired or revoked */
  readonly endedAt: number | null
  /** the longest lifetime of the tokens that it may have signed */
  readonly longestTokenSeconds: number
  /**
   * for how long the log must remember the revocation; null if it was not revoked or the log has
   * the revocation
   */
  readonly unpublishedUntil: number | null
}

/** The time of a change, and the current lifetime of access tokens. */
export type Moment = { readonly now: number; readonly lifetimeSeconds: number }

/** The active key. There is always one, except before the very first start. */
export const activeOf = (keys: readonly KeyRecord[]): KeyRecord | undefined =>
  keys.find(({ state }) => state === 'active')

/**
 * The standby key that becomes active next: the newest one of the algorithm. A service may refuse
 * other algorithms.
 */
export const nextOf = (keys: readonly KeyRecord[], algorithm: Algorithm): KeyRecord | undefined =>
  keys
    .filter((key) => key.state === 'standby' && key.algorithm === algorithm)
    .sort((one, other) => other.createdAt - one.createdAt || (one.kid < other.kid ? -1 : 1))[0]

/**
 * A gateway announces all keys that it has, at most `MOST_KIDS`. The margin is for the keys that a
 * revocation adds without this check.
 */
const MOST_PUBLISHED = MOST_KIDS - 4

/** @throws Refusal CONFLICT if there are too many keys for one more */
export function refuseTooMany(keys: readonly KeyRecord[]): void {
  const published = keys.filter(isPublished)
  if (published.length >= MOST_PUBLISHED) throw tooManyKeys()
}

/** @throws Refusal NOT_FOUND */
export function findKey(keys: readonly KeyRecord[], kid: string): KeyRecord {
  const key = keys.find((one) => one.kid === kid)
  if (key === undefined) throw noSuchKey()
  return key
}

/**
 * Makes a standby key active, and the previous one retiring. Returns the changes in order; none if
 * it is already active.
 * @throws Refusal NOT_FOUND, CONFLICT
 */
export function activation(keys: readonly KeyRecord[], kid: string, at: Moment): KeyRecord[] {
  const key = findKey(keys, kid)
  if (key.state === 'active') return []
  if (key.state !== 'standby') throw keyCannot('activated', key.state)
  const before = activeOf(keys)
  return [...(before === undefined ? [] : [asRetiring(before, at)]), asActive(key, at)]
}

/**
 * Retires a key that has never signed, or whose last token has expired. Returns the changes; none
 * if it is already retired.
 * @throws Refusal NOT_FOUND, CONFLICT
 */
export function retirement(keys: readonly KeyRecord[], kid: string, at: Moment): KeyRecord[] {
  const key = findKey(keys, kid)
  if (key.state === 'retired') return []
  if (key.state === 'active') throw keyStillSigns()
  if (key.state === 'revoked') throw keyCannot('retired', key.state)
  if (!hasNoValidTokens(key, at)) throw keyStillNeeded(key.withdrawAt ?? 0)
  return [{ ...key, state: 'retired', endedAt: at.now }]
}

/**
 * Revokes a key. If it was active, `successor` becomes active. Returns the changes in order; none
 * if it is already revoked.
 * @throws Refusal NOT_FOUND
 */
export function revocation(
  keys: readonly KeyRecord[],
  kid: string,
  successor: KeyRecord | undefined,
  at: Moment
): KeyRecord[] {
  const key = findKey(keys, kid)
  if (key.state === 'revoked') return []
  const unpublishedUntil = Math.max(
    lastTokenExpiry(key, at),
    at.now + rememberedSeconds(KEY_MEMORY_SECONDS)
  )
  const revoked: KeyRecord = { ...key, state: 'revoked', endedAt: at.now, unpublishedUntil }
  if (key.state !== 'active') return [revoked]
  if (successor === undefined) throw new Error('a key that signs is revoked without a successor')
  return [revoked, asActive(successor, at)]
}

/** Retiring keys whose last token has expired. */
export const dueForRetirement = (keys: readonly KeyRecord[], at: Moment): KeyRecord[] =>
  keys.filter((key) => key.state === 'retiring' && hasNoValidTokens(key, at))

/** A standby key has never signed. */
const hasNoValidTokens = ({ state, withdrawAt }: KeyRecord, { now }: Moment): boolean =>
  state === 'standby' || (withdrawAt ?? 0) <= now

const asActive = (key: KeyRecord, { now, lifetimeSeconds }: Moment): KeyRecord => ({
  ...key,
  state: 'active',
  activatedAt: now,
  longestTokenSeconds: Math.max(key.longestTokenSeconds, lifetimeSeconds)
})

const asRetiring = (key: KeyRecord, at: Moment): KeyRecord => ({
  ...key,
  state: 'retiring',
  retiringAt: at.now,
  withdrawAt: lastTokenExpiry(key, at)
})

const lastTokenExpiry = ({ longestTokenSeconds }: KeyRecord, { now, lifetimeSeconds }: Moment) =>
  now + rememberedSeconds(Math.max(longestTokenSeconds, lifetimeSeconds))
