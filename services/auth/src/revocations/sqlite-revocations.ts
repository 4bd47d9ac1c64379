import { EventEmitter, once } from 'node:events'
import type { DatabaseSync } from 'node:sqlite'
import type {
  Revocation,
  RevocationBatch,
  RevocationSource
} from '@gatehouse/revocation/revocation'
import { onSqlite } from '../database/sqlite/sqlite-transaction.ts'
import { type RevocationRows, revocationRows } from './sqlite-revocation-rows.ts'

/** the interval of empty updates to followers, which take silence for an outage */
const BEAT_MS = 1000

/**
 * The revocation log in the embedded database: written in the transaction of the family's change,
 * and read by the gateway in this process.
 */
export type SqliteRevocations = RevocationSource & {
  /** Notes that an access token is issued, inside the transaction of its login or refresh. */
  noteToken(nowMs: number): void
  /** Adds an entry, inside the transaction that ends the family. */
  append(sid: string, nowMs: number): void
  /**
   * Makes a session's tokens with an `iat` before `before` (s) stale, inside the transaction of the
   * refresh.
   */
  makeStale(sid: string, before: number, nowMs: number): void
  /**
   * Adds an entry that is not the end of a session.
   * @throws Refusal UNAVAILABLE if the file cannot be used at the moment
   */
  write(entry: Revocation, nowMs: number): void
  /** Wakes the followers, after that transaction. */
  announce(): void
}

export function sqliteRevocations(
  database: DatabaseSync,
  revocationSeconds: number,
  beatMs = BEAT_MS,
  monotonicClock = () => performance.now()
): SqliteRevocations {
  const rows = revocationRows(database)
  const news = new EventEmitter().setMaxListeners(0)
  const agedPosition = agingPosition(rows, revocationSeconds * 1000, monotonicClock)

  const noteToken = (nowMs: number): void => {
    rows.raiseHorizon(Math.ceil(nowMs / 1000) + revocationSeconds)
  }
  /** Removes what concerns only expired tokens. */
  const expire = (nowMs: number): void => {
    rows.removeExpired(Math.ceil(nowMs / 1000), agedPosition())
  }
  const add = (kind: string, sid: string, before: number | null, nowMs: number): void => {
    noteToken(nowMs)
    expire(nowMs)
    rows.insert({ kind, id: sid, until: rows.horizon(), before, version: null })
  }

  return {
    noteToken,
    append: (sid, nowMs) => add('session', sid, null, nowMs),
    makeStale: (sid, before, nowMs) => add('session-tokens', sid, before, nowMs),
    write: (entry, nowMs) =>
      onSqlite(database, () => {
        expire(nowMs)
        rows.insert({
          kind: entry.kind,
          id: entry.id,
          until: Math.max(entry.until, rows.horizon()),
          before: 'before' in entry ? entry.before : null,
          version: 'version' in entry ? (entry.version ?? null) : null
        })
      }),
    announce() {
      news.emit('entry')
    },
    follow: (cursor, signal) => follow(rows, news, { cursor, beatMs, signal })
  }
}

/**
 * Returns a function that returns a position whose entries have all been in the log for at least
 * `ageMs`. A wall clock may jump ahead and be set right again, so an entry must have been here for
 * as long as tokens live before it can be removed.
 */
function agingPosition(
  rows: Pick<RevocationRows, 'newestPosition'>,
  ageMs: number,
  monotonicClock: () => number
): () => number {
  const newest = () => ({ position: rows.newestPosition(), sinceMs: monotonicClock() })
  let aged = 0
  let aging = newest()
  return () => {
    if (monotonicClock() - aging.sinceMs >= ageMs) {
      aged = aging.position
      aging = newest()
    }
    return aged
  }
}

async function* follow(
  rows: Pick<RevocationRows, 'after'>,
  news: EventEmitter,
  options: { readonly cursor: string | null; readonly beatMs: number; readonly signal: AbortSignal }
): AsyncGenerator<RevocationBatch> {
  const { cursor, beatMs, signal } = options
  let position = Number(cursor ?? 0)
  while (!signal.aborted) {
    const either = AbortSignal.any([signal, AbortSignal.timeout(beatMs)])
    // Before the read, so that no entry is announced in between.
    const announced = once(news, 'entry', { signal: either }).catch(() => [])
    const read = rows.after(position)
    position = read.position
    yield {
      entries: read.entries,
      cursor: String(position),
      caughtUp: true,
      // The writers of revocations are in this process.
      heartbeatAgeMs: 0
    }
    await announced
  }
}
