/** A worker that lived for this long has not failed because of its start. */
const SOUND_MS = 60_000
const FIRST_MS = 500
const LONGEST_MS = 30_000

type RestartPause = {
  readonly pauseMs: number
  /** how many workers in succession have ended soon after their start, this one included */
  readonly failures: number
}

export type RestartPauses = { next(livedMs: number): RestartPause }

/**
 * How long to wait before a worker is replaced. A worker that dies is replaced at once. If its
 * replacements die soon after their starts, the pauses grow, because starting them would take the
 * processor from the other workers.
 */
export function restartPauses(): RestartPauses {
  let failures = 0
  return {
    next(livedMs) {
      failures = livedMs >= SOUND_MS ? 1 : failures + 1
      const pauseMs = failures === 1 ? 0 : Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 2))
      return { pauseMs, failures }
    }
  }
}
