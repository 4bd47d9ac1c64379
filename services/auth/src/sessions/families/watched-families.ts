import { watchedStore } from '../../telemetry/store-call.ts'
import type { StoreMetrics, StoreName } from '../../telemetry/store-metrics.ts'
import type { Families } from './families.ts'

const calls = {
  open: 'session_open',
  evict: 'session_evict',
  present: 'session_present',
  end: 'session_end',
  list: 'session_list',
  unrecorded: 'session_unrecorded',
  recorded: 'session_recorded',
  see: 'session_see',
  settleSightings: 'session_settle_sightings',
  forgetExpired: 'session_forget_expired',
  run: 'session_store_run',
  scrub: 'session_scrub',
  ping: 'session_ping'
} as const satisfies Record<Exclude<keyof Families, 'partitionOf'>, string>

/** Families whose calls are counted and timed. */
export const watchedFamilies = (
  families: Families,
  store: StoreName,
  metrics: StoreMetrics
): Families => watchedStore(families, calls, metrics(store, Object.values(calls)))
