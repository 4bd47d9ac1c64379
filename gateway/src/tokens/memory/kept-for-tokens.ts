import type { VerifiedToken } from '../verified-token.ts'

/** Values of one kind that are kept for tokens, each under a key. */
type KeptValues<Key, Value> = {
  find(token: VerifiedToken, key: Key): Value | undefined
  /** @param bytes how many bytes of the heap the strings of the value use */
  keep(token: VerifiedToken, key: Key, value: Value, bytes: number): void
}

/** Values of several kinds that are kept for tokens, within one number of bytes. */
export type KeptForTokens = {
  values<Key, Value>(): KeptValues<Key, Value>
  /** at most the allowed bytes; values of forgotten tokens count until their generation ends */
  bytes(): number
}

type Generation = {
  /** in seconds since 1970 */
  readonly endsAt: number
  bytes: number
}

type KeptForTokensOptions = {
  readonly mostBytes: number
  readonly clock: () => number
}

const GENERATION_SECONDS = 30
/** the maps and the objects of a value, in addition to its strings */
const FIXED_BYTES = 512

/**
 * Keeps values in two generations, each with half of the bytes. A generation takes new values until
 * it is full or 30 s old. It is dropped as a whole after another 30 s. So memory does not grow with
 * the number of routes, and no value is kept for longer than a minute. When a token is forgotten,
 * its values are forgotten too.
 */
export function keptForTokens({ mostBytes, clock }: KeptForTokensOptions): KeptForTokens {
  const begin = (now: number): Generation => ({ endsAt: now + GENERATION_SECONDS, bytes: 0 })
  let older = begin(0)
  let newer = begin(0)

  const forgetExpired = (): number => {
    const now = Math.floor(clock() / 1000)
    if (now >= newer.endsAt) {
      older = newer
      newer = begin(now)
    }
    if (older.bytes > 0 && now >= older.endsAt + GENERATION_SECONDS) older = begin(now)
    return now
  }

  return {
    values<Key, Value>() {
      // When a generation is dropped, its values are dropped too.
      const of = new WeakMap<Generation, WeakMap<VerifiedToken, Map<Key, Value>>>()
      return {
        find(token: VerifiedToken, key: Key) {
          forgetExpired()
          return of.get(newer)?.get(token)?.get(key) ?? of.get(older)?.get(token)?.get(key)
        },
        keep(token: VerifiedToken, key: Key, value: Value, valueBytes: number) {
          const bytes = FIXED_BYTES + valueBytes
          if (bytes > mostBytes / 2) return
          const now = forgetExpired()
          if (newer.bytes + bytes > mostBytes / 2) {
            older = newer
            newer = begin(now)
          }
          const values = of.get(newer) ?? new WeakMap<VerifiedToken, Map<Key, Value>>()
          const ofToken = values.get(token) ?? new Map<Key, Value>()
          of.set(newer, values.set(token, ofToken.set(key, value)))
          newer.bytes += bytes
        }
      }
    },
    bytes() {
      forgetExpired()
      return older.bytes + newer.bytes
    }
  }
}
