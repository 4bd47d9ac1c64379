import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite'
import type { StoredFamily } from '../families.ts'
import type { FamilyRecord } from '../family.ts'

const SCHEMA = `
  create table if not exists families (
    subject text not null, sid text not null, generation integer not null, opened_at integer not null,
    rotated_at_ms integer not null, idle_expires_at integer not null, expires_at integer not null,
    replays integer not null, ended_at integer not null, client_id text not null, scope text not null,
    label text not null, seen integer, tokens_not_before integer, answered_again integer,
    primary key (subject, sid)
  ) strict, without rowid;
  create index if not exists families_by_expiry on families (expires_at)`

function makeFamilyTables(database: DatabaseSync): void {
  database.exec(SCHEMA)
  const columns = database.prepare('pragma table_info(families)').all()
  for (const missing of ['seen', 'tokens_not_before', 'answered_again']) {
    if (columns.some(({ name }) => name === missing)) continue
    database.exec(`alter table families add column ${missing} integer`)
  }
}

/** in the order of `toRow` */
const KEY = ['subject', 'sid']
const MEMBERS = [
  'generation',
  'opened_at',
  'rotated_at_ms',
  'idle_expires_at',
  'expires_at',
  'replays',
  'ended_at',
  'client_id',
  'scope',
  'label',
  'seen',
  'tokens_not_before',
  'answered_again'
]

/** Names the columns, so that those of a newer version keep their values. */
const UPSERT = `
  insert into families (${[...KEY, ...MEMBERS].join()}) values (${[...KEY, ...MEMBERS].fill('?').join()})
  on conflict do update set ${MEMBERS.map((name) => `${name} = excluded.${name}`).join()}`

/** The table of families. */
export type FamilyRows = {
  read(subject: string, sid: string): FamilyRecord | null
  /** The oldest first. */
  readAll(subject: string): StoredFamily[]
  write(subject: string, sid: string, record: FamilyRecord): void
  remove(subject: string, sid: string): void
  /** Deletes families that expired before this second. Returns how many. */
  removeExpired(second: number, limit: number): number
}

export function familyRows(database: DatabaseSync): FamilyRows {
  makeFamilyTables(database)
  const selectAll = database.prepare(
    'select * from families where subject = ? order by opened_at, sid'
  )
  const selectOne = database.prepare('select * from families where subject = ? and sid = ?')
  const upsert = database.prepare(UPSERT)
  const remove = database.prepare('delete from families where subject = ? and sid = ?')
  const deleteExpired = database.prepare(`
    delete from families where (subject, sid) in (
      select subject, sid from families where expires_at <= ? order by expires_at limit ?
    )`)
  return {
    read(subject, sid) {
      const row = selectOne.get(subject, sid)
      return row === undefined ? null : toFamily(row).record
    },
    readAll: (subject) => selectAll.all(subject).map(toFamily),
    write(subject, sid, record) {
      upsert.run(...toRow(subject, sid, record))
    },
    remove(subject, sid) {
      remove.run(subject, sid)
    },
    removeExpired: (second, limit) => Number(deleteExpired.run(second, limit).changes)
  }
}

/** In the order of KEY and MEMBERS. */
const toRow = (subject: string, sid: string, r: FamilyRecord): SQLInputValue[] => [
  subject,
  sid,
  r.generation,
  r.openedAt,
  r.rotatedAtMs,
  r.idleExpiresAt,
  r.expiresAt,
  r.replays,
  r.endedAt,
  r.clientId,
  r.scope,
  r.label,
  Number(r.seen),
  r.tokensNotBefore,
  Number(r.answeredAgain)
]

function toFamily(row: Record<string, SQLOutputValue>): StoredFamily {
  return {
    sid: String(row.sid),
    record: {
      generation: Number(row.generation),
      openedAt: Number(row.opened_at),
      rotatedAtMs: Number(row.rotated_at_ms),
      idleExpiresAt: Number(row.idle_expires_at),
      expiresAt: Number(row.expires_at),
      replays: Number(row.replays),
      // A record of an earlier version does not say whether its tokens were used, so they count as
      // used.
      seen: row.seen !== 0,
      tokensNotBefore: Number(row.tokens_not_before ?? 0),
      answeredAgain: row.answered_again === 1,
      endedAt: Number(row.ended_at),
      clientId: String(row.client_id),
      scope: String(row.scope),
      label: String(row.label)
    }
  }
}
