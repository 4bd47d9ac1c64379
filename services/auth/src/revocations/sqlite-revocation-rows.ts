import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { readEntry } from '@gatehouse/revocation/read-entry'
import type { LogEntry } from '@gatehouse/revocation/revocation'

const SCHEMA = `
  create table if not exists revocations (
    position integer primary key autoincrement, kind text not null, id text not null, until integer not null,
    before integer, version integer
  ) strict;
  create table if not exists token_horizon (one integer primary key check (one = 1), until integer not null) strict;
  insert or ignore into token_horizon values (1, 0)`

function makeRevocationTables(database: DatabaseSync): void {
  database.exec(SCHEMA)
  // Files of earlier versions lack these columns.
  const columns = database.prepare('pragma table_info(revocations)').all()
  for (const missing of ['before', 'version']) {
    if (columns.some(({ name }) => name === missing)) continue
    database.exec(`alter table revocations add column ${missing} integer`)
  }
}

type NewRow = {
  readonly kind: string
  readonly id: string
  readonly until: number
  readonly before: number | null
  readonly version: number | null
}

/** The tables of the revocation log. */
export type RevocationRows = {
  insert(row: NewRow): void
  /** The position of the newest entry; 0 if there is none. */
  newestPosition(): number
  /** The entries after a position, and the position of the last one. */
  after(position: number): { readonly entries: LogEntry[]; readonly position: number }
  /** Deletes entries up to this position that concern only tokens expired before this second. */
  removeExpired(second: number, position: number): void
  /** The time (s) at which the last access token of any session expires. */
  horizon(): number
  /** Notes that a token expires at this time (s). */
  raiseHorizon(until: number): void
}

export function revocationRows(database: DatabaseSync): RevocationRows {
  makeRevocationTables(database)
  const insert = database.prepare(
    'insert into revocations (kind, id, until, before, version) values (?, ?, ?, ?, ?)'
  )
  const newest = database.prepare('select coalesce(max(position), 0) as position from revocations')
  const select = database.prepare(
    'select position, kind, id, until, before, version from revocations where position > ? order by position'
  )
  const remove = database.prepare('delete from revocations where until < ? and position <= ?')
  const horizon = database.prepare('select until from token_horizon')
  // The lifetime may be reduced while longer tokens are still valid, so the latest expiry of any
  // token decides.
  const raise = database.prepare('update token_horizon set until = ?1 where until < ?1')
  return {
    insert({ kind, id, until, before, version }) {
      insert.run(kind, id, until, before, version)
    },
    newestPosition: () => Number(newest.get()?.position),
    after(position) {
      const rows = select.all(position)
      return { entries: rows.map(toEntry), position: Number(rows.at(-1)?.position ?? position) }
    },
    removeExpired(second, position) {
      remove.run(second, position)
    },
    horizon: () => Number(horizon.get()?.until),
    raiseHorizon(until) {
      raise.run(until)
    }
  }
}

function toEntry(row: Record<string, SQLOutputValue>): LogEntry {
  const { position, until } = row
  const members = ['kind', 'id', 'until', 'before', 'version'].filter((name) => row[name] !== null)
  const entry = Object.fromEntries(members.map((name) => [name, row[name]]))
  return readEntry(String(position), entry, Number(until))
}
