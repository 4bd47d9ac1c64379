import type { LogEntry } from '@gatehouse/revocation/revocation'
import { type WhyRevoked, whyRevoked } from '@gatehouse/revocation/why-revoked'
import type { VerifiedToken } from '../tokens/verified-token.ts'
import { cutOffsOf, forgetOver, hold, noEntries } from './held-entries.ts'
import { tokenWatchers } from './token-watchers.ts'

/** What is revoked, in memory: a few lookups per token, and no call. */
export type RevokedTokens = {
  apply(entry: LogEntry): void
  why(token: VerifiedToken): WhyRevoked | null
  /** Calls once if this token is revoked from now on. Returns a function that stops the watch. */
  watch(token: VerifiedToken, onRevoked: (why: WhyRevoked) => void): () => void
  /** Forgets entries that concern only expired tokens, by both clocks. */
  sweep(): void
  readonly size: number
  /** how many entries of the log this version cannot read, and that may concern a valid token */
  readonly unreadable: number
}

type Clocks = {
  /** in milliseconds since 1970 */
  readonly clock: () => number
  /** in milliseconds, never set back and never ahead */
  readonly monotonicClock: () => number
}

export function revokedTokens(clocks: Clocks): RevokedTokens {
  const held = noEntries()
  const cutOffs = cutOffsOf(held)
  const watchers = tokenWatchers()
  const why = (token: VerifiedToken): WhyRevoked | null => whyRevoked(token, cutOffs)
  const now = () => ({ wallMs: clocks.clock(), monotonicMs: clocks.monotonicClock() })
  return {
    why,
    apply(entry) {
      if (entry.kind === 'key-set') return
      hold(held, entry, now())
      for (const { token, onRevoked } of watchers.of(entry.kind, entry.id)) {
        const reason = why(token)
        if (reason !== null) onRevoked(reason)
      }
    },
    watch: watchers.watch,
    sweep() {
      for (const entries of Object.values(held)) forgetOver(entries, now())
    },
    get unreadable() {
      forgetOver(held.unreadable, now())
      return held.unreadable.size
    },
    get size() {
      return Object.values(held).reduce((sum, { size }) => sum + size, 0)
    }
  }
}
