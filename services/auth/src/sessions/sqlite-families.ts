import type { DatabaseSync } from 'node:sqlite'
import { truncateLog } from '../database/open-sqlite.ts'
import { inTransaction, onSqlite } from '../database/sqlite-transaction.ts'
import type { SqliteRevocations } from '../revocations/sqlite-revocations.ts'
import type { Families } from './families.ts'
import type { FamilyPolicy } from './family.ts'
import { endNotes } from './sqlite-end-notes.ts'
import { familyRows } from './sqlite-family-rows.ts'
import {
  endFamilies,
  evictOldest,
  familiesOf,
  hasRevoked,
  noteUse,
  openFamily,
  presentToken
} from './sqlite-family-steps.ts'

/** One process at a time uses this file, so it is always the same run of the same server. */
const INCARNATION = 'embedded'
const FORGOTTEN_AT_ONCE = 500

/** Families in the embedded database: each step is one transaction, at one moment. */
export function sqliteFamilies(
  database: DatabaseSync,
  revocations: SqliteRevocations,
  policy: FamilyPolicy,
  clock: () => number
): Families {
  const rows = familyRows(database)
  const notes = endNotes(database)
  const tables = { rows, endNotes: notes, revocations, policy }
  const step = <Result>(work: (nowMs: number) => Result): Result => {
    const nowMs = clock()
    return inTransaction(database, () => work(nowMs))
  }

  return {
    open: async (subject, sid, opened) =>
      step((nowMs) => openFamily(tables, { subject, sid, opened }, nowMs)),
    async evict(subject, justOpened, source) {
      const evicted = step((nowMs) => evictOldest(tables, { subject, justOpened, source }, nowMs))
      revocations.announce()
      return evicted
    },
    async present(presentation) {
      const presented = step((nowMs) => presentToken(tables, presentation, nowMs))
      if (hasRevoked(presented)) revocations.announce()
      return presented
    },
    async end(subject, sids) {
      const ended = step((nowMs) => endFamilies(tables, subject, sids, nowMs))
      revocations.announce()
      return ended
    },
    async list(subject) {
      const { live, past } = onSqlite(database, () => familiesOf(rows, subject, clock()))
      return { live, over: past.map(({ sid }) => sid), unreadable: [] }
    },
    unrecorded: async () => onSqlite(database, notes.readAll),
    recorded: async (sid) => onSqlite(database, () => notes.remove(sid)),
    see: async (sightings) => inTransaction(database, () => noteUse(rows, sightings)),
    // `see` writes into the records at once.
    async settleSightings() {},
    async forgetExpired() {
      const before = Math.floor(clock() / 1000)
      const forgotten = onSqlite(database, () => rows.removeExpired(before, FORGOTTEN_AT_ONCE))
      return forgotten === FORGOTTEN_AT_ONCE
    },
    incarnation: async () => INCARNATION,
    scrub: async () => onSqlite(database, () => truncateLog(database)),
    async ping() {
      rows.read('', '')
    }
  }
}
