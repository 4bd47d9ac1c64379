import type { VerifiedToken } from '../tokens/access-token-verifier.ts'

/**
 * An assertion about a token. `claims` are those that it was signed with: after a reload, the route
 * may name others.
 */
export type SignedAbout = {
  readonly assertion: string
  /** in seconds since 1970 */
  readonly usableUntil: number
  readonly claims: Readonly<Record<string, unknown>> | undefined
}

export type KeptAssertions = {
  find(token: VerifiedToken, routeName: string): SignedAbout | undefined
  keep(token: VerifiedToken, routeName: string, signed: SignedAbout): void
  /**
   * Forgets expired assertions. Call it before the other functions.
   * @param now in seconds since 1970
   */
  forgetExpired(now: number): void
  /** at most the allowed bytes; forgotten assertions count until they would have expired */
  readonly bytes: number
}

type Generation = {
  readonly signed: WeakMap<VerifiedToken, Map<string, SignedAbout>>
  readonly endsAt: number
  bytes: number
}

/** the maps, the object and the parts of the text, in addition to its characters */
const FIXED_BYTES = 512

/**
 * Keeps assertions in two generations, each with half of the bytes. A generation takes new
 * assertions until it is full or `usableSeconds` old. It is dropped as a whole after the same time
 * again. So memory does not grow with the number of routes, and no assertion is kept for longer
 * than twice `usableSeconds`. When a token is forgotten, its assertions are forgotten too.
 */
export function keptAssertions(mostBytes: number, usableSeconds: number): KeptAssertions {
  const begin = (now: number): Generation => ({
    signed: new WeakMap(),
    endsAt: now + usableSeconds,
    bytes: 0
  })
  let older = begin(0)
  let newer = begin(0)

  return {
    find: (token, routeName) =>
      newer.signed.get(token)?.get(routeName) ?? older.signed.get(token)?.get(routeName),
    keep(token, routeName, signed) {
      const bytes = FIXED_BYTES + signed.assertion.length
      if (bytes > mostBytes / 2) return
      if (newer.bytes + bytes > mostBytes / 2) {
        older = newer
        newer = begin(signed.usableUntil - usableSeconds)
      }
      const byRoute = newer.signed.get(token) ?? new Map<string, SignedAbout>()
      newer.signed.set(token, byRoute.set(routeName, signed))
      newer.bytes += bytes
    },
    forgetExpired(now) {
      if (now >= newer.endsAt) {
        older = newer
        newer = begin(now)
      }
      if (older.bytes > 0 && now >= older.endsAt + usableSeconds) older = begin(now)
    },
    get bytes() {
      return older.bytes + newer.bytes
    }
  }
}
