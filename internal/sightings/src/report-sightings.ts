import type { Sighting, TakeSightings } from './sighting.ts'

/** Reports sightings in the background, so that no request waits for the store. */
export type SightingReport = {
  note(sighting: Sighting): void
  /** Reports the remaining sightings. */
  close(): Promise<void>
}

/**
 * How long sightings are collected. Together with the call, they arrive within the documented
 * second.
 */
const COLLECT_MS = 300
/** The maximum per call. */
const BATCH = 500
/**
 * The maximum kept while the store is unreachable, one per session. Further ones are dropped, and
 * recovery stays possible for those sessions.
 */
const MOST_KEPT = 50_000

/**
 * @param onFault is called when an outage of the store begins, not after every failed attempt
 */
export function reportSightings(options: {
  take: TakeSightings
  onFault: (error: unknown) => void
  collectMs?: number
  mostKept?: number
}): SightingReport {
  const { take, onFault, collectMs = COLLECT_MS, mostKept = MOST_KEPT } = options
  const kept = new Map<string, Sighting>()
  let timer: NodeJS.Timeout | null = null
  let sending: Promise<void> = Promise.resolve()
  let inTouch = true

  const keep = (sighting: Sighting): void => {
    const known = kept.get(sighting.sid)
    if (known === undefined && kept.size >= mostKept) return
    if (known === undefined || known.generation < sighting.generation) {
      kept.set(sighting.sid, sighting)
    }
  }
  const sendOne = async (): Promise<boolean> => {
    const batch = [...kept.values()].slice(0, BATCH)
    if (batch.length === 0) return false
    for (const { sid } of batch) kept.delete(sid)
    try {
      await take(batch)
      inTouch = true
      return true
    } catch (error) {
      if (inTouch) onFault(error)
      inTouch = false
      for (const sighting of batch) keep(sighting)
      return false
    }
  }
  const sendAll = async (): Promise<void> => {
    while (await sendOne());
  }
  const schedule = (): void => {
    timer ??= setTimeout(() => {
      sending = sendAll().then(() => {
        timer = null
        if (kept.size > 0) schedule()
      })
    }, collectMs).unref()
  }
  return {
    note(sighting) {
      keep(sighting)
      schedule()
    },
    async close() {
      if (timer !== null) clearTimeout(timer)
      await sending
      if (timer !== null) clearTimeout(timer)
      await sendAll()
    }
  }
}
