import { LRUCache } from 'lru-cache'
import type { KnownState } from './known-state.ts'

/** A read of a state that may be remembered when it is complete. */
export type Reading = {
  readonly subject: string
  /** the server that reported the changes last; null: no changes were read yet */
  readonly server: string | null
  /** whether the account may have changed since the read began */
  isSpoiled: boolean
}

/**
 * Accounts with some of their sessions. A change may be noticed while the state before it is still
 * being read. Such a state is not kept, because nobody would notice the change again.
 */
export type SessionMemory = {
  get(subject: string, sid: string): KnownState | undefined
  /** Call it before a state is read. */
  begin(subject: string, server: string | null): Reading
  /** Keeps the state that was read from this server, if it can be relied on. */
  keep(reading: Reading, sid: string, state: KnownState, server: string): void
  end(reading: Reading): void
  /** An account has changed. */
  drop(subject: string): void
  /** Any account may have changed. */
  dropAll(): void
}

/** of one account */
const MOST_SESSIONS = 100

/** @param size the number of sessions; the accounts that were not used for longest are forgotten */
export function sessionMemory(size: number): SessionMemory {
  const states = new LRUCache<string, ReadonlyMap<string, KnownState>>({
    // As in `refreshLimit`: with `max`, it would allocate memory for all of them at once.
    maxSize: size,
    sizeCalculation: (sessions) => sessions.size
  })
  const readings = new Set<Reading>()
  return {
    get: (subject, sid) => states.get(subject)?.get(sid),
    begin(subject, server) {
      const reading = { subject, server, isSpoiled: false }
      readings.add(reading)
      return reading
    },
    keep({ subject, server, isSpoiled }, sid, state, from) {
      if (isSpoiled || server !== from || !isUsable(state)) return
      const others = states.get(subject)
      const kept = others === undefined || others.size >= MOST_SESSIONS ? [] : others
      states.set(subject, new Map([...kept, [sid, state]]))
    },
    end(reading) {
      readings.delete(reading)
    },
    drop(subject) {
      states.delete(subject)
      for (const reading of readings) if (reading.subject === subject) reading.isSpoiled = true
    },
    dropAll() {
      states.clear()
      for (const reading of readings) reading.isSpoiled = true
    }
  }
}

/** Only what allows a refresh: what refuses one is always asked of the database. */
const isUsable = ({ account, session }: KnownState): boolean =>
  account !== null && !account.disabled && session !== null && !session.ended
