import type { DatabaseSync } from 'node:sqlite'
import { truncateLog } from '../database/open-sqlite.ts'
import { isSqliteOutage } from '../database/sqlite-outage.ts'
import { storeUnavailable } from '../refusals.ts'
import type { SqliteRevocations } from '../revocations/sqlite-revocations.ts'
import type { Families, StoredFamily, UnrecordedEnd } from './families.ts'
import {
  end,
  type FamilyPolicy,
  type FamilyRecord,
  isLive,
  isRestorable,
  open,
  present,
  reuse,
  see
} from './family.ts'
import { newlyStale } from './newly-stale.ts'
import { familyRows } from './sqlite-family-rows.ts'
import { readNotes } from './unrecorded-ends.ts'

/** One process at a time uses this file, so it is always the same run of the same server. */
const INCARNATION = 'embedded'
const FORGOTTEN_AT_ONCE = 500

const isExpired = ({ record }: StoredFamily, nowMs: number): boolean =>
  nowMs >= record.expiresAt * 1000

/** Families in the embedded database: runs the state machine inside one transaction. */
export function sqliteFamilies(
  database: DatabaseSync,
  revocations: SqliteRevocations,
  policy: FamilyPolicy,
  clock: () => number
): Families {
  const { read, readAll, write, remove, removeExpired } = familyRows(database)
  const insertEnd = database.prepare('insert or replace into unrecorded_ends values (?, ?)')
  const selectEnds = database.prepare('select sid, ending from unrecorded_ends')
  const selectEnd = database.prepare('select 1 from unrecorded_ends where sid = ?')
  const deleteEnd = database.prepare('delete from unrecorded_ends where sid = ?')

  const endOne = (subject: string, { sid, record }: StoredFamily, nowMs: number): void => {
    write(subject, sid, end(record, nowMs))
    revocations.append(sid, nowMs)
  }
  /** The same as in lua/family.lua. */
  const endKnown = (
    subject: string,
    sid: string,
    record: FamilyRecord | null,
    nowMs: number
  ): void => {
    if (record === null) revocations.append(sid, nowMs)
    else if (record.endedAt === 0) endOne(subject, { sid, record }, nowMs)
    else if (record.label !== '') write(subject, sid, { ...record, label: '' })
  }
  const noteUnrecorded = ({ source, ...ending }: UnrecordedEnd): void => {
    insertEnd.run(ending.sid, JSON.stringify({ ...ending, origin: source }))
  }
  /** Runs the work, and reports a store that cannot be used at the moment. */
  const asked = <Result>(work: () => Result): Result => {
    try {
      return work()
    } catch (error) {
      if (database.isTransaction) database.exec('rollback')
      throw isSqliteOutage(error) ? storeUnavailable(error) : error
    }
  }
  const transaction = <Result>(work: () => Result): Result =>
    asked(() => {
      database.exec('begin immediate')
      const result = work()
      database.exec('commit')
      return result
    })
  /** Both the same as in lua/family.lua. */
  const parted = (subject: string, nowMs: number) => {
    const all = readAll(subject)
    return {
      live: all.filter(({ record }) => isLive(record, nowMs)),
      past: all.filter(({ record }) => !isLive(record, nowMs))
    }
  }
  const forget = (subject: string, past: readonly StoredFamily[], nowMs: number): void => {
    const forgettable = past.filter(
      (family) =>
        !isExpired(family, nowMs) &&
        !isRestorable(family.record, nowMs, policy) &&
        selectEnd.get(family.sid) === undefined
    )
    const over = forgettable.slice(0, Math.max(0, forgettable.length - policy.sessionsPerUser))
    const expired = past.filter((family) => isExpired(family, nowMs))
    for (const { sid } of expired.concat(over)) remove(subject, sid)
  }

  return {
    async open(subject, sid, opened) {
      const nowMs = clock()
      const record = open(opened, nowMs, policy)
      const live = transaction(() => {
        revocations.noteToken(nowMs)
        const others = parted(subject, nowMs)
        forget(subject, others.past, nowMs)
        write(subject, sid, record)
        return others.live.length + 1
      })
      return { record, tooMany: live > policy.sessionsPerUser }
    },
    async evict(subject, justOpened, source) {
      const nowMs = clock()
      const limit = policy.sessionsPerUser
      const evicted = transaction(() => {
        const { live } = parted(subject, nowMs)
        const others = live.filter(({ sid }) => sid !== justOpened)
        const tooMany = others.slice(0, Math.max(0, live.length - limit))
        for (const family of tooMany) {
          endOne(subject, family, nowMs)
          const about = { subject, sid: family.sid, atMs: nowMs, source, detail: { limit } }
          noteUnrecorded({ kind: 'session-evicted', ...about })
        }
        return tooMany.length
      })
      revocations.announce()
      return evicted
    },
    async present({ subject, sid, generation, opened, source }) {
      const nowMs = clock()
      const presented = transaction(() => {
        const before = read(subject, sid)
        const { outcome, next } = present(before, generation, nowMs, policy, opened)
        if (next !== null && next !== before) write(subject, sid, next)
        if (outcome === 'reused') {
          revocations.append(sid, nowMs)
          const detail = before === null ? {} : reuse(before, generation, nowMs)
          noteUnrecorded({ subject, sid, kind: 'refresh-reused', atMs: nowMs, source, detail })
        } else if (outcome !== 'ended') revocations.noteToken(nowMs)
        const stale = newlyStale(before, next)
        if (stale !== null) revocations.makeStale(sid, stale, nowMs)
        return { outcome, before, after: next, atMs: nowMs }
      })
      const { outcome, before, after } = presented
      if (outcome === 'reused' || newlyStale(before, after) !== null) revocations.announce()
      return presented
    },
    async end(subject, sids) {
      const nowMs = clock()
      const ended = transaction(() => {
        const known = sids.map((sid) => ({ sid, record: read(subject, sid) }))
        const live = known.filter(({ record }) => record !== null && isLive(record, nowMs))
        for (const { sid, record } of known) endKnown(subject, sid, record, nowMs)
        return live.length
      })
      revocations.announce()
      return ended
    },
    async list(subject) {
      const nowMs = clock()
      const { live, past } = asked(() => parted(subject, nowMs))
      return { live, over: past.map(({ sid }) => sid), unreadable: [] }
    },
    async unrecorded() {
      const notes = asked(() => selectEnds.all())
      return readNotes(notes.map(({ sid, ending }) => [String(sid), String(ending)]))
    },
    async recorded(sid) {
      asked(() => deleteEnd.run(sid))
    },
    async forgetExpired() {
      const before = Math.floor(clock() / 1000)
      return asked(() => removeExpired(before, FORGOTTEN_AT_ONCE)) === FORGOTTEN_AT_ONCE
    },
    async incarnation() {
      return INCARNATION
    },
    async see(sightings) {
      transaction(() => {
        for (const { subject, sid, generation } of sightings) {
          const record = read(subject, sid)
          if (record !== null) write(subject, sid, see(record, generation))
        }
      })
    },
    async settleSightings() {},
    async ping() {
      read('', '')
    },
    async scrub() {
      asked(() => truncateLog(database))
    }
  }
}
