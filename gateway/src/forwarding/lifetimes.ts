import type { WhyRevoked } from '@gatehouse/revocation/why-revoked'
import { tokenExpired } from '../refusals.ts'
import type { Passage } from '../request/passage.ts'
import type { Revocations } from '../revocation/follow-revocations.ts'
import { refusalIfRevoked } from '../revocation/revoked-refusal.ts'
import { isExpired } from '../tokens/is-expired.ts'
import type { VerifiedToken } from '../tokens/verified-token.ts'

/** Why a long-lived response or a WebSocket must end. */
export type EndReason = 'TOKEN_EXPIRED' | WhyRevoked

/** Ends requests, long-lived responses and WebSockets with the token that opened them. */
export type Lifetimes = {
  /**
   * Calls once, when the token expires or is revoked, or soon if it already is. Returns a function
   * that stops the watch.
   */
  watch(token: VerifiedToken | null, onOver: (why: EndReason) => void): () => void
  /** Calls once, when the token is revoked, at once if it already is. As `watch`. */
  watchRevoked(token: VerifiedToken | null, onRevoked: (why: WhyRevoked) => void): () => void
  /**
   * Judges the token of a request again after the request has waited.
   * @throws Refusal TOKEN_EXPIRED, or as `refusalIfRevoked`
   */
  refuseExpiredOrRevoked(passage: Pick<Passage, 'token' | 'route'>): void
}

/** setTimeout's own limit is 24.8 days */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export function lifetimes(revoked: Revocations, clock: () => number): Lifetimes {
  return {
    watchRevoked(token, onRevoked) {
      const why = token === null ? null : revoked.why(token)
      if (why !== null) onRevoked(why)
      return token === null || why !== null ? () => {} : revoked.watch(token, onRevoked)
    },
    refuseExpiredOrRevoked({ token, route }) {
      if (token === null) return
      if (isExpired(token, clock())) throw tokenExpired()
      const refusal = refusalIfRevoked(token, route.maxStalenessSeconds, revoked)
      if (refusal !== null) throw refusal
    },
    watch(token, onOver) {
      if (token === null) return () => {}
      let timer: NodeJS.Timeout
      const untilExpiry = (): void => {
        const leftMs = token.usableUntil * 1000 - clock()
        if (leftMs <= 0) end('TOKEN_EXPIRED')
        else timer = setTimeout(untilExpiry, Math.min(leftMs, LONGEST_TIMER_MS)).unref()
      }
      const stop = (): void => {
        clearTimeout(timer)
        unwatch()
      }
      const end = (why: EndReason): void => {
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
