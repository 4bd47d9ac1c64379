import { watchedStore } from '../../telemetry/store-call.ts'
import type { StoreMetrics } from '../../telemetry/store-metrics.ts'
import type { GuessCounts, GuessStores, KnownNetworks } from './guess-counts.ts'
import type { RequestCounts } from './request-counts.ts'

const guesses = {
  wait: 'guess_wait',
  take: 'guess_take',
  giveBack: 'guess_give_back',
  forget: 'guess_forget'
} as const satisfies Record<keyof GuessCounts, string>

const networks = {
  add: 'network_add',
  has: 'network_has'
} as const satisfies Record<keyof KnownNetworks, string>

const requests = { count: 'request_count' } as const satisfies Record<keyof RequestCounts, string>

const calls = Object.values({ ...guesses, ...networks, ...requests })

/** Counts in Redis. */
type Counts = { readonly stores: GuessStores; readonly counts: RequestCounts }

/** The same counts. Their calls are counted and timed. */
export function watchedCounts({ stores, counts }: Counts, metrics: StoreMetrics): Counts {
  const watch = metrics('redis', calls)
  return {
    stores: {
      strangers: watchedStore(stores.strangers, guesses, watch),
      known: watchedStore(stores.known, guesses, watch),
      networks: watchedStore(stores.networks, networks, watch)
    },
    counts: watchedStore(counts, requests, watch)
  }
}
