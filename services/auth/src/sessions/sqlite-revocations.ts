import { EventEmitter, once } from 'node:events'
import type { DatabaseSync } from 'node:sqlite'
import type { RevocationSource } from '@gatehouse/revocation/revocation'

const SCHEMA = `
  create table if not exists revocations (
    position integer primary key autoincrement, kind text not null, id text not null, until integer not null
  ) strict;
  create table if not exists token_horizon (one integer primary key check (one = 1), until integer not null) strict;
  insert or ignore into token_horizon values (1, 0)`

/** The log of revocations in the embedded database: written beside the family's change, read by the gateway in this process. */
export type SqliteRevocations = RevocationSource & {
  /** Notes that an access token is given out, inside the transaction of the login or refresh that it belongs to. */
  noteToken(nowMs: number): void
  /** Adds an entry, inside the transaction that ends the family. */
  append(sid: string, nowMs: number): void
  /** Wakes the followers, after that transaction. */
  announce(): void
}

export function sqliteRevocations(
  database: DatabaseSync,
  revocationSeconds: number
): SqliteRevocations {
  database.exec(SCHEMA)
  const insert = database.prepare('insert into revocations (kind, id, until) values (?, ?, ?)')
  const expire = database.prepare('delete from revocations where until < ?')
  // The lifetime may be set lower while longer tokens are still about: the last of all to run out decides.
  const note = database.prepare('update token_horizon set until = ?1 where until < ?1')
  const horizon = database.prepare('select until from token_horizon')
  const select = database.prepare(
    'select position, id, until from revocations where position > ? order by position'
  )
  const news = new EventEmitter().setMaxListeners(0)

  const noteToken = (nowMs: number): void => {
    note.run(Math.ceil(nowMs / 1000) + revocationSeconds)
  }

  return {
    noteToken,
    append(sid, nowMs) {
      noteToken(nowMs)
      expire.run(Math.ceil(nowMs / 1000))
      insert.run('session', sid, Number(horizon.get()?.until))
    },
    announce() {
      news.emit('entry')
    },
    async *follow(cursor, signal) {
      let position = Number(cursor ?? 0)
      while (!signal.aborted) {
        const announced = once(news, 'entry', { signal }).catch(() => [])
        const rows = select.all(position)
        position = Number(rows.at(-1)?.position ?? position)
        yield {
          entries: rows.map((row) => ({
            kind: 'session' as const,
            id: String(row.id),
            until: Number(row.until)
          })),
          cursor: String(position),
          caughtUp: true
        }
        await announced
      }
    }
  }
}
