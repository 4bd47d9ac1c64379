import { EventEmitter, once } from 'node:events'
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { readEntry } from '@gatehouse/revocation/read-entry'
import type { LogEntry, Revocation, RevocationSource } from '@gatehouse/revocation/revocation'
import { isSqliteOutage } from '../database/sqlite-outage.ts'
import { storeUnavailable } from '../refusals.ts'

const SCHEMA = `
  create table if not exists revocations (
    position integer primary key autoincrement, kind text not null, id text not null, until integer not null,
    before integer, version integer
  ) strict;
  create table if not exists token_horizon (one integer primary key check (one = 1), until integer not null) strict;
  insert or ignore into token_horizon values (1, 0)`

/** how often a follower is told that there is nothing new; silence would look like an outage */
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
  database.exec(SCHEMA)
  addColumns(database)
  const insert = database.prepare(
    'insert into revocations (kind, id, until, before, version) values (?, ?, ?, ?, ?)'
  )
  const newest = database.prepare('select coalesce(max(position), 0) as position from revocations')
  const remove = database.prepare('delete from revocations where until < ? and position <= ?')
  // The lifetime may be reduced while longer tokens are still valid, so the latest expiry of any
  // token decides.
  const note = database.prepare('update token_horizon set until = ?1 where until < ?1')
  const horizon = database.prepare('select until from token_horizon')
  const select = database.prepare(
    'select position, kind, id, until, before, version from revocations where position > ? order by position'
  )
  const news = new EventEmitter().setMaxListeners(0)

  const positionNow = () => Number(newest.get()?.position)
  let old = 0
  let recent = { position: positionNow(), sinceMs: monotonicClock() }
  /**
   * Removes what concerns only expired tokens. A wall clock may jump ahead and be set right again,
   * so an entry must also have been here for as long as tokens live.
   */
  const expire = (nowMs: number): void => {
    const elapsedMs = monotonicClock() - recent.sinceMs
    if (elapsedMs >= revocationSeconds * 1000) {
      old = recent.position
      recent = { position: positionNow(), sinceMs: monotonicClock() }
    }
    remove.run(Math.ceil(nowMs / 1000), old)
  }
  const noteToken = (nowMs: number): void => {
    note.run(Math.ceil(nowMs / 1000) + revocationSeconds)
  }

  return {
    noteToken,
    append(sid, nowMs) {
      noteToken(nowMs)
      expire(nowMs)
      insert.run('session', sid, Number(horizon.get()?.until), null, null)
    },
    makeStale(sid, before, nowMs) {
      noteToken(nowMs)
      expire(nowMs)
      insert.run('session-tokens', sid, Number(horizon.get()?.until), before, null)
    },
    write(entry, nowMs) {
      try {
        expire(nowMs)
        const until = Math.max(entry.until, Number(horizon.get()?.until))
        const before = 'before' in entry ? entry.before : null
        const version = 'version' in entry ? (entry.version ?? null) : null
        insert.run(entry.kind, entry.id, until, before, version)
      } catch (error) {
        throw isSqliteOutage(error) ? storeUnavailable(error) : error
      }
    },
    announce() {
      news.emit('entry')
    },
    async *follow(cursor, signal) {
      let position = Number(cursor ?? 0)
      while (!signal.aborted) {
        const either = AbortSignal.any([signal, AbortSignal.timeout(beatMs)])
        const announced = once(news, 'entry', { signal: either }).catch(() => [])
        const rows = select.all(position)
        position = Number(rows.at(-1)?.position ?? position)
        yield {
          entries: rows.map(toEntry),
          cursor: String(position),
          caughtUp: true,
          // The writers of revocations are in this process.
          heartbeatAgeMs: 0
        }
        await announced
      }
    }
  }
}

/** Files of earlier versions lack these columns. */
function addColumns(database: DatabaseSync): void {
  const columns = database.prepare('pragma table_info(revocations)').all()
  for (const missing of ['before', 'version']) {
    if (columns.some(({ name }) => name === missing)) continue
    database.exec(`alter table revocations add column ${missing} integer`)
  }
}

function toEntry(row: Record<string, SQLOutputValue>): LogEntry {
  const { position, until } = row
  const members = ['kind', 'id', 'until', 'before', 'version'].filter((name) => row[name] !== null)
  const entry = Object.fromEntries(members.map((name) => [name, row[name]]))
  return readEntry(String(position), entry, Number(until))
}
