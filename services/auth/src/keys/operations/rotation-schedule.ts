import type { Algorithm } from '@gatehouse/access-token/claims'
import { DAY_SECONDS } from '../../day.ts'
import { activeOf, type KeyRecord, nextOf } from '../key-lifecycle.ts'

/** How long a verifier may use the key set that it has. */
export const KEY_SET_MAX_AGE_SECONDS = 300

export type ScheduledStep =
  | { readonly step: 'create' }
  | { readonly step: 'activate'; readonly kid: string }

type Schedule = {
  /** 0: never */
  readonly periodSeconds: number
  /** of the keys that it creates and activates */
  readonly algorithm: Algorithm
}

/**
 * The next step of the scheduled rotation that is due: create a standby key a day before its time
 * (or half the period, if that is shorter), and then activate it. Pure: a process that is killed
 * between two steps loses neither.
 */
export function scheduledStep(
  keys: readonly KeyRecord[],
  { periodSeconds, algorithm }: Schedule,
  now: number
): ScheduledStep | null {
  const active = activeOf(keys)
  if (active === undefined || periodSeconds === 0) return null
  const age = now - (active.activatedAt ?? active.createdAt)
  const lead = Math.min(DAY_SECONDS, periodSeconds / 2)
  const next = nextOf(keys, algorithm)
  if (next === undefined) return age >= periodSeconds - lead ? { step: 'create' } : null
  // A key that was created late is also published for a while before it signs.
  const published = now - next.createdAt >= Math.min(lead, KEY_SET_MAX_AGE_SECONDS)
  return age >= periodSeconds && published ? { step: 'activate', kid: next.kid } : null
}
