import type { DatabaseSync } from 'node:sqlite'
import { truncateLog } from '../../../database/sqlite/open-sqlite.ts'
import { inTransaction, onSqlite } from '../../../database/sqlite/sqlite-transaction.ts'
import type { SqliteRevocations } from '../../../revocations/sqlite-revocations.ts'
import type { Families } from '../families.ts'
import type { FamilyPolicy } from '../family.ts'
import { endNotes } from './sqlite-end-notes.ts'
import { familyRows } from './sqlite-family-rows.ts'
import {
  endFamilies,
  evictOldest,
  familiesOf,
  forgetExpired,
  hasRevoked,
  noteUse,
  openFamily,
  presentToken
} from './sqlite-family-steps.ts'

/** One process at a time uses this file, so it is always the same run of the same server. */
const RUN = 'embedded'

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
  /** A step that writes to the revocation log. */
  const revokingStep = <Result>(work: (nowMs: number) => Result): Result => {
    const result = step(work)
    revocations.announce()
    return result
  }

  return {
    open: async (subject, sid, opened) =>
      step((nowMs) => openFamily(tables, { subject, sid, opened }, nowMs)),
    evict: async (subject, justOpened, source) =>
      revokingStep((nowMs) => evictOldest(tables, { subject, justOpened, source }, nowMs)),
    async present(presentation) {
      const presented = step((nowMs) => presentToken(tables, presentation, nowMs))
      if (hasRevoked(presented)) revocations.announce()
      return presented
    },
    end: async (subject, sids) =>
      revokingStep((nowMs) => endFamilies(tables, subject, sids, nowMs)),
    async list(subject) {
      const { live, past } = onSqlite(database, () => familiesOf(rows, subject, clock()))
      return { live, over: past.map(({ sid }) => sid), unreadable: [] }
    },
    unrecorded: async () => onSqlite(database, notes.readAll),
    recorded: async ({ sid }) => onSqlite(database, () => notes.remove(sid)),
    see: async (sightings) => inTransaction(database, () => noteUse(rows, sightings)),
    // `see` writes into the records at once.
    async settleSightings() {},
    forgetExpired: async () => onSqlite(database, () => forgetExpired(rows, clock())),
    partitionOf: async () => '',
    run: async () => ({ name: RUN, marks: new Map(), fault: null }),
    scrub: async () => onSqlite(database, () => truncateLog(database)),
    async ping() {
      rows.read('', '')
    }
  }
}
