import { activeOf, type KeyRecord, nextOf } from './key-lifecycle.ts'

/** How long a verifier may go on with the key set that it has. */
export const KEY_SET_MAX_AGE_SECONDS = 300

const DAY_SECONDS = 86_400

export type ScheduledStep =
  | { readonly step: 'create' }
  | { readonly step: 'activate'; readonly kid: string }

/**
 * What is due of the rotation by the clock: a standby key a day before its time (half the period where that is shorter), and
 * then that it signs. Nothing where keys are not rotated so (0). Pure: who was killed between two steps has not lost one.
 */
export function scheduledStep(
  keys: readonly KeyRecord[],
  periodSeconds: number,
  now: number
): ScheduledStep | null {
  const active = activeOf(keys)
  if (active === undefined || periodSeconds === 0) return null
  const age = now - (active.activatedAt ?? active.createdAt)
  const lead = Math.min(DAY_SECONDS, periodSeconds / 2)
  const next = nextOf(keys)
  if (next === undefined) return age >= periodSeconds - lead ? { step: 'create' } : null
  // Also a key that was made late is published for a while before it signs.
  const published = now - next.createdAt >= Math.min(lead, KEY_SET_MAX_AGE_SECONDS)
  return age >= periodSeconds && published ? { step: 'activate', kid: next.kid } : null
}
