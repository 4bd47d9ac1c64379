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

type ReportOptions = {
  readonly take: TakeSightings
  /** called when an outage of the store begins, not after every failed attempt */
  readonly onFault: (error: unknown) => void
  readonly collectMs?: number
  readonly mostKept?: number
}

/** The sightings that the store has not taken yet. */
type Collection = Required<ReportOptions> & {
  /** by session */
  readonly kept: Map<string, Sighting>
  timer: NodeJS.Timeout | null
  sending: Promise<void>
  inTouch: boolean
}

export function reportSightings(options: ReportOptions): SightingReport {
  const collection: Collection = {
    collectMs: COLLECT_MS,
    mostKept: MOST_KEPT,
    ...options,
    kept: new Map(),
    timer: null,
    sending: Promise.resolve(),
    inTouch: true
  }
  return {
    note(sighting) {
      keep(collection, sighting)
      sendLater(collection)
    },
    async close() {
      if (collection.timer !== null) clearTimeout(collection.timer)
      await collection.sending
      if (collection.timer !== null) clearTimeout(collection.timer)
      await sendAll(collection)
    }
  }
}

function keep({ kept, mostKept }: Collection, sighting: Sighting): void {
  const known = kept.get(sighting.sid)
  if (known === undefined && kept.size >= mostKept) return
  if (known === undefined || known.generation < sighting.generation) {
    kept.set(sighting.sid, sighting)
  }
}

function sendLater(collection: Collection): void {
  collection.timer ??= setTimeout(() => {
    collection.sending = sendAll(collection).then(() => {
      collection.timer = null
      if (collection.kept.size > 0) sendLater(collection)
    })
  }, collection.collectMs).unref()
}

async function sendAll(collection: Collection): Promise<void> {
  while (await sendBatch(collection));
}

/** @returns whether there was a batch, and the store has taken it */
async function sendBatch(collection: Collection): Promise<boolean> {
  const { kept, take, onFault } = collection
  const batch = [...kept.values()].slice(0, BATCH)
  if (batch.length === 0) return false
  for (const { sid } of batch) kept.delete(sid)
  try {
    await take(batch)
    collection.inTouch = true
    return true
  } catch (error) {
    if (collection.inTouch) onFault(error)
    collection.inTouch = false
    for (const sighting of batch) keep(collection, sighting)
    return false
  }
}
