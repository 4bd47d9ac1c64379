import type { Algorithm } from '@gatehouse/access-token/claims'
import { KEY_MEMORY_SECONDS } from '@gatehouse/revocation/revocation'
import { keyCannot, keyStillNeeded, keyStillSigns, noSuchKey, tooManyKeys } from '../refusals.ts'
import { rememberedSeconds } from '../tokens/remembered-seconds.ts'
import { isPublished, type KeyState } from './signing-key.ts'

/** A signing key in its life: everything but the key itself. Times are in seconds since 1970. */
export type KeyRecord = {
  readonly kid: string
  readonly algorithm: Algorithm
  readonly state: KeyState
  readonly createdAt: number
  readonly activatedAt: number | null
  readonly retiringAt: number | null
  /** when the last token that it signed is out */
  readonly withdrawAt: number | null
  /** when it was retired or revoked */
  readonly endedAt: number | null
  /** the longest that a token lived which it may have signed */
  readonly longestTokenSeconds: number
  /** revoked, and the log of revocations has yet to hear of it: how long the log must remember it */
  readonly untoldUntil: number | null
}

/** When something happens, and how long access tokens live now. */
export type Moment = { readonly now: number; readonly lifetimeSeconds: number }

/** The one that signs. There is always one, but before the very first start. */
export const activeOf = (keys: readonly KeyRecord[]): KeyRecord | undefined =>
  keys.find(({ state }) => state === 'active')

/** The standby key that is next: the newest. */
export const nextOf = (keys: readonly KeyRecord[]): KeyRecord | undefined =>
  keys
    .filter(({ state }) => state === 'standby')
    .sort((one, other) => other.createdAt - one.createdAt || (one.kid < other.kid ? -1 : 1))[0]

/** A gateway says which keys it holds in a heartbeat, where there is room for so many and a few more. */
const MOST_PUBLISHED = 60

/** @throws Refusal CONFLICT where one more key would not fit */
export function refuseTooMany(keys: readonly KeyRecord[]): void {
  const published = keys.filter(isPublished)
  if (published.length >= MOST_PUBLISHED) throw tooManyKeys()
}

/** @throws Refusal NOT_FOUND */
export function named(keys: readonly KeyRecord[], kid: string): KeyRecord {
  const key = keys.find((one) => one.kid === kid)
  if (key === undefined) throw noSuchKey()
  return key
}

/**
 * A standby key signs from now on, and the one before only verifies: what changes, in this order. None where it signs already.
 * @throws Refusal NOT_FOUND, CONFLICT
 */
export function activation(keys: readonly KeyRecord[], kid: string, at: Moment): KeyRecord[] {
  const key = named(keys, kid)
  if (key.state === 'active') return []
  if (key.state !== 'standby') throw keyCannot('activated', key.state)
  const before = activeOf(keys)
  return [...(before === undefined ? [] : [retiring(before, at)]), active(key, at)]
}

/**
 * A key is withdrawn: one that never signed, or one whose last token is out. None where it is already.
 * @throws Refusal NOT_FOUND, CONFLICT
 */
export function retirement(keys: readonly KeyRecord[], kid: string, at: Moment): KeyRecord[] {
  const key = named(keys, kid)
  if (key.state === 'retired') return []
  if (key.state === 'active') throw keyStillSigns()
  if (key.state === 'revoked') throw keyCannot('retired', key.state)
  if (!isOut(key, at)) throw keyStillNeeded(key.withdrawAt ?? 0)
  return [{ ...key, state: 'retired', endedAt: at.now }]
}

/**
 * A key is not to be trusted any more, and where it signed, `successor` does from now on: what changes, in this order. None
 * where it is revoked already.
 * @throws Refusal NOT_FOUND
 */
export function revocation(
  keys: readonly KeyRecord[],
  kid: string,
  successor: KeyRecord | undefined,
  at: Moment
): KeyRecord[] {
  const key = named(keys, kid)
  if (key.state === 'revoked') return []
  const untoldUntil = Math.max(
    lastTokenOut(key, at),
    at.now + rememberedSeconds(KEY_MEMORY_SECONDS)
  )
  const revoked: KeyRecord = { ...key, state: 'revoked', endedAt: at.now, untoldUntil }
  if (key.state !== 'active') return [revoked]
  if (successor === undefined) throw new Error('a key that signs is revoked without a successor')
  return [revoked, active(successor, at)]
}

/** Keys that only verify, and have nothing left to verify. */
export const dueForRetirement = (keys: readonly KeyRecord[], at: Moment): KeyRecord[] =>
  keys.filter((key) => key.state === 'retiring' && isOut(key, at))

/** A standby key never signed. */
const isOut = ({ state, withdrawAt }: KeyRecord, { now }: Moment): boolean =>
  state === 'standby' || (withdrawAt ?? 0) <= now

const active = (key: KeyRecord, { now, lifetimeSeconds }: Moment): KeyRecord => ({
  ...key,
  state: 'active',
  activatedAt: now,
  longestTokenSeconds: Math.max(key.longestTokenSeconds, lifetimeSeconds)
})

const retiring = (key: KeyRecord, at: Moment): KeyRecord => ({
  ...key,
  state: 'retiring',
  retiringAt: at.now,
  withdrawAt: lastTokenOut(key, at)
})

const lastTokenOut = ({ longestTokenSeconds }: KeyRecord, { now, lifetimeSeconds }: Moment) =>
  now + rememberedSeconds(Math.max(longestTokenSeconds, lifetimeSeconds))
