import type { RevokedTokens, WhyRevoked } from '../revocation/revoked-tokens.ts'
import type { VerifiedToken } from '../tokens/access-token-verifier.ts'

/** Why an answer that goes on and on, or a WebSocket, may not go on. */
export type Over = 'TOKEN_EXPIRED' | WhyRevoked

/** What lasts longer than a request ends with the token that it was opened with. */
export type Lifetimes = {
  /** Calls once, when the token expires or is revoked, or soon if it already is. Returns a function that stops the watch. */
  watch(token: VerifiedToken | null, onOver: (why: Over) => void): () => void
}

/** setTimeout's own limit is 24.8 days */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export function lifetimes(
  revoked: Pick<RevokedTokens, 'watch' | 'why'>,
  clock: () => number
): Lifetimes {
  return {
    watch(token, onOver) {
      if (token === null) return () => {}
      let timer: NodeJS.Timeout
      const untilExpiry = (): void => {
        const leftMs = token.identity.expiresAt * 1000 - clock()
        if (leftMs <= 0) end('TOKEN_EXPIRED')
        else timer = setTimeout(untilExpiry, Math.min(leftMs, LONGEST_TIMER_MS)).unref()
      }
      const stop = (): void => {
        clearTimeout(timer)
        unwatch()
      }
      const end = (why: Over): void => {
        stop()
        onOver(why)
      }
      const unwatch = revoked.watch(token, end)
      const now = (): void => {
        const why = revoked.why(token)
        if (why === null) untilExpiry()
        else end(why)
      }
      // A revocation that arrived while the answer or the WebSocket was being opened came before this watch, so check once.
      // Check later, because the caller first needs the function that stops the watch.
      timer = setTimeout(now, 0).unref()
      return stop
    }
  }
}
