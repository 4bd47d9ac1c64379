import { EventEmitter, once } from 'node:events'
import type { DatabaseSync } from 'node:sqlite'
import type { RevocationSource } from '@gatehouse/revocation/revocation'

const SCHEMA = `
  create table if not exists revocations (
    position integer primary key autoincrement, kind text not null, id text not null, until integer not null
  ) strict`

/** The log of revocations in the embedded database: written beside the family's change, read by the gateway in this process. */
export type SqliteRevocations = RevocationSource & {
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
  const select = database.prepare(
    'select position, id, until from revocations where position > ? order by position'
  )
  const news = new EventEmitter().setMaxListeners(0)

  return {
    append(sid, nowMs) {
      const now = Math.ceil(nowMs / 1000)
      expire.run(now)
      insert.run('session', sid, now + revocationSeconds)
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
