import type { Cleanup } from '../../background/retention.ts'
import type { ChangedAccounts } from '../../database/changed-accounts.ts'

/** A process that has not read the changes for this long drops what it remembers. */
const KEPT_MS = 600_000

/**
 * Deletes the changes that everyone could read for a while. How old they are is seen from when this
 * process saw them: a transaction may be committed long after it has written its changes.
 */
export function forgetChanges(changes: ChangedAccounts, monotonicClock: () => number): Cleanup {
  let seen: { readonly next: number; readonly atMs: number } | null = null
  return async () => {
    if (seen !== null && monotonicClock() - seen.atMs < KEPT_MS) return false
    const isMore = seen !== null && (await changes.forget(seen.next))
    if (isMore) return true
    const now = await changes.read(null)
    seen = now === null ? null : { next: now.next, atMs: monotonicClock() }
    return false
  }
}
