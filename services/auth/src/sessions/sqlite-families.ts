import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { isSqliteOutage } from '../database/sqlite-outage.ts'
import { storeUnavailable } from '../refusals.ts'
import type { Families, FamilyStoreOptions, StoredFamily } from './families.ts'
import { end, type FamilyPolicy, type FamilyRecord, isLive, open, present } from './family.ts'
import type { SqliteRevocations } from './sqlite-revocations.ts'

const SCHEMA = `
  create table if not exists families (
    subject text not null, sid text not null, generation integer not null, opened_at integer not null,
    rotated_at_ms integer not null, idle_expires_at integer not null, expires_at integer not null,
    replays integer not null, ended_at integer not null, client_id text not null, scope text not null,
    label text not null, primary key (subject, sid)
  ) strict, without rowid`

/** Families in the embedded database: the state machine as it is, inside one transaction. */
export function sqliteFamilies(
  database: DatabaseSync,
  revocations: SqliteRevocations,
  policy: FamilyPolicy,
  { clock }: FamilyStoreOptions
): Families {
  database.exec(SCHEMA)
  const selectAll = database.prepare(
    'select * from families where subject = ? order by opened_at, sid'
  )
  const selectOne = database.prepare('select * from families where subject = ? and sid = ?')
  const upsert = database.prepare(
    'insert or replace into families values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'
  )
  const remove = database.prepare('delete from families where subject = ? and sid = ?')

  const read = (subject: string, sid: string): FamilyRecord | null => {
    const row = selectOne.get(subject, sid)
    return row === undefined ? null : toFamily(row).record
  }
  const readAll = (subject: string): StoredFamily[] => selectAll.all(subject).map(toFamily)
  const write = (subject: string, sid: string, r: FamilyRecord): void => {
    upsert.run(
      ...[subject, sid, r.generation, r.openedAt, r.rotatedAtMs, r.idleExpiresAt, r.expiresAt],
      ...[r.replays, r.endedAt, r.clientId, r.scope, r.label]
    )
  }
  const endOne = (subject: string, { sid, record }: StoredFamily, nowMs: number): void => {
    write(subject, sid, end(record, nowMs))
    revocations.append(sid, nowMs)
  }
  const transaction = <Result>(work: () => Result): Result => {
    try {
      database.exec('begin immediate')
      const result = work()
      database.exec('commit')
      return result
    } catch (error) {
      if (database.isTransaction) database.exec('rollback')
      throw isSqliteOutage(error) ? storeUnavailable(error) : error
    }
  }
  /** Forgets what has expired, and all but the newest tombstones; what is left alive, the oldest first. */
  const prune = (subject: string, nowMs: number): StoredFamily[] => {
    const all = readAll(subject)
    const tombstones = all.filter(({ record }) => record.endedAt > 0)
    const dead = [
      ...all.filter(({ record }) => record.endedAt === 0 && !isLive(record, nowMs)),
      ...tombstones.filter(({ record }) => nowMs >= record.expiresAt * 1000),
      ...tombstones.slice(0, -policy.sessionsPerUser)
    ]
    for (const { sid } of dead) remove.run(subject, sid)
    return all.filter(({ record }) => isLive(record, nowMs))
  }

  return {
    async open(subject, sid, opening) {
      const nowMs = clock()
      const record = open(opening, nowMs, policy)
      transaction(() => {
        revocations.noteToken(nowMs)
        const live = prune(subject, nowMs)
        const tooMany = live.slice(0, Math.max(0, live.length - policy.sessionsPerUser + 1))
        for (const family of tooMany) endOne(subject, family, nowMs)
        write(subject, sid, record)
      })
      revocations.announce()
      return record
    },
    async present(subject, sid, generation) {
      const nowMs = clock()
      const presented = transaction(() => {
        const before = read(subject, sid)
        const { outcome, next } = present(before, generation, nowMs, policy)
        if (next !== null && next !== before) write(subject, sid, next)
        if (outcome === 'reused') revocations.append(sid, nowMs)
        else if (outcome !== 'ended') revocations.noteToken(nowMs)
        return { outcome, before, after: next }
      })
      if (presented.outcome === 'reused') revocations.announce()
      return presented
    },
    async end(subject, sid) {
      const nowMs = clock()
      const ended = transaction(() => {
        const record = read(subject, sid)
        if (record === null || !isLive(record, nowMs)) return false
        endOne(subject, { sid, record }, nowMs)
        return true
      })
      if (ended) revocations.announce()
      return ended
    },
    async endAll(subject, except) {
      const nowMs = clock()
      const count = transaction(() => {
        const ending = prune(subject, nowMs).filter(({ sid }) => sid !== except)
        for (const family of ending) endOne(subject, family, nowMs)
        return ending.length
      })
      revocations.announce()
      return count
    },
    async list(subject) {
      const nowMs = clock()
      return readAll(subject).filter(({ record }) => isLive(record, nowMs))
    },
    async ping() {
      selectOne.get('', '')
    },
    async close() {
      database.close()
    }
  }
}

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
      endedAt: Number(row.ended_at),
      clientId: String(row.client_id),
      scope: String(row.scope),
      label: String(row.label)
    }
  }
}
