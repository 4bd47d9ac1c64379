import type { WhyRevoked } from '@gatehouse/revocation/why-revoked'
import type { RevokedTokens } from '../../revocation/revoked-tokens.ts'
import type { VerifiedToken } from '../../tokens/verified-token.ts'

/** Why a long-lived response or a WebSocket must end. */
export type Over = 'TOKEN_EXPIRED' | WhyRevoked

/** Ends long-lived responses and WebSockets with the token that opened them. */
export type Lifetimes = {
  /**
   * Calls once, when the token expires or is revoked, or soon if it already is. Returns a function
   * that stops the watch.
   */
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
      // A revocation may have arrived while the response or the WebSocket was being opened, before
      // this watch. So check once, and not synchronously, because the caller first needs the
      // function that stops the watch.
      timer = setTimeout(now, 0).unref()
      return stop
    }
  }
}
