/** Deletes a batch of old data of one kind. Returns whether there may be more. */
export type Cleanup = () => Promise<boolean>

type Retention = {
  /** one for each kind of data; may become more until the first round */
  readonly cleanups: readonly Cleanup[]
  /** whether the clock of the cleanups can be trusted: a wrong clock must not delete anything */
  readonly isClockRight: () => boolean
  /** in milliseconds, never set back */
  readonly monotonicClock: () => number
}

/**
 * between rounds that leave nothing to delete; also before the first round, in which a machine that
 * has just started may set its clock
 */
const PAUSE_MS = 60_000

/**
 * Background work that deletes one batch of each kind per round, and pauses if there is nothing
 * more.
 * @returns a function that does one round, and throws the first fault afterwards
 */
export function retention(options: Retention): () => Promise<void> {
  const { cleanups, isClockRight, monotonicClock } = options
  let dueAtMs = monotonicClock() + PAUSE_MS
  return async () => {
    if (!isClockRight() || monotonicClock() < dueAtMs) return
    let isMore = false
    const faults: unknown[] = []
    for (const cleanUp of cleanups) {
      try {
        isMore = (await cleanUp()) || isMore
      } catch (error) {
        // One kind may need longer than a statement has. The others are still deleted.
        faults.push(error)
      }
    }
    if (faults.length > 0) throw faults[0]
    if (!isMore) dueAtMs = monotonicClock() + PAUSE_MS
  }
}
