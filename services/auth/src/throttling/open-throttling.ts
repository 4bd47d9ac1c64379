import type { Ports } from '../ports.ts'
import type { SharedStore } from '../redis/shared-store.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import type { GuessStores } from './counts/guess-counts.ts'
import { memoryGuessStores } from './counts/memory-guess-counts.ts'
import { memoryRequestCounts } from './counts/memory-request-counts.ts'
import { redisGuessStores } from './counts/redis-guess-counts.ts'
import { redisRequestCounts } from './counts/redis-request-counts.ts'
import type { RequestCounts } from './counts/request-counts.ts'
import { keepTablesReserved } from './counts/reserve-tables.ts'
import { watchedCounts } from './counts/watched-counts.ts'
import { type Guesses, guesses } from './guesses.ts'
import { privateDigest } from './private-digest.ts'
import { type RequestLimit, requestLimit } from './request-limit.ts'
import type { ThrottlingConfig } from './throttling-settings.ts'

/** Slows down callers that try passwords or request letters. */
export type Throttling = {
  /** per account */
  readonly guesses: Guesses
  /** requests with a password or a token, per network */
  readonly requests: RequestLimit
  /** requests for a letter, per network */
  readonly letters: RequestLimit
  /** changes of second factors, per account */
  readonly factors: RequestLimit
  /** exports of an account's data, per account */
  readonly exports: RequestLimit
}

/** Each makes a QR code, or writes an event to the audit log and to webhooks. */
export const FACTOR_CHANGES_PER_MINUTE = 20

/** Each reads up to 500 events, and the first of an export writes one. */
export const EXPORTS_PER_MINUTE = 20

export function openThrottling(
  config: ThrottlingConfig,
  ports: Pick<Ports, 'storeMetrics'> & { readonly store: SharedStore; readonly ring: KeyRing }
): Throttling {
  const { store, ring } = ports
  const { stores, counts } = openCounts(store, ports)
  const shared = { counts, digest: privateDigest(ring), clock: store.clock }
  const requests = requestLimit({ ...shared, perMinute: config.AUTH_CREDENTIALS_PER_MINUTE })
  const letters = requestLimit({
    ...shared,
    perMinute: config.AUTH_MAIL_PER_MINUTE,
    about: 'letters'
  })
  const factors = requestLimit({
    ...shared,
    perMinute: FACTOR_CHANGES_PER_MINUTE,
    about: 'factors'
  })
  const exports = requestLimit({ ...shared, perMinute: EXPORTS_PER_MINUTE, about: 'exports' })
  return { guesses: guesses(stores, ring), requests, letters, factors, exports }
}

function openCounts(
  store: SharedStore,
  { storeMetrics }: Pick<Ports, 'storeMetrics'>
): { stores: GuessStores; counts: RequestCounts } {
  const { clock } = store
  if (store.kind === 'embedded') {
    return { stores: memoryGuessStores(clock), counts: memoryRequestCounts() }
  }
  keepTablesReserved(store.redis)
  const stores = redisGuessStores(store.redis, clock)
  const counts = redisRequestCounts(store.redis)
  return watchedCounts({ stores, counts }, storeMetrics)
}
