import type { AuthConfig } from '../config.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import type { SharedStore } from '../shared-store.ts'
import type { GuessStores } from './guess-counts.ts'
import { type Guesses, guesses } from './guesses.ts'
import { memoryGuessStores } from './memory-guess-counts.ts'
import { memoryRequestCounts } from './memory-request-counts.ts'
import { privateDigest } from './private-digest.ts'
import { redisGuessStores } from './redis-guess-counts.ts'
import { redisRequestCounts } from './redis-request-counts.ts'
import type { RequestCounts } from './request-counts.ts'
import { type RequestLimit, requestLimit } from './request-limit.ts'
import { keepTablesReserved } from './reserve-tables.ts'

/** What slows callers down that try passwords: per account, and per network. */
export type GuessLimits = Guesses & { readonly requests: RequestLimit }

export function openGuesses(
  config: AuthConfig,
  { store, ring }: { readonly store: SharedStore; readonly ring: KeyRing }
): GuessLimits {
  const { stores, counts } = openCounts(store)
  const requests = requestLimit({
    counts,
    digest: privateDigest(ring),
    perMinute: config.AUTH_CREDENTIALS_PER_MINUTE,
    clock: store.clock
  })
  return { ...guesses(stores, ring), requests }
}

function openCounts(store: SharedStore): { stores: GuessStores; counts: RequestCounts } {
  const { clock } = store
  if (store.kind === 'embedded') {
    return { stores: memoryGuessStores(clock), counts: memoryRequestCounts() }
  }
  keepTablesReserved(store.redis)
  return { stores: redisGuessStores(store.redis, clock), counts: redisRequestCounts(store.redis) }
}
