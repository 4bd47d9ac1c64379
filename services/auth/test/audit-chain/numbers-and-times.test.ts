import { sql } from 'kysely'
import t from 'tap'
import { databaseNow, plausibleNow } from '../../src/audit-chain/database-now.ts'
import { auditNumbers } from '../../src/database/migrations/0033-audit-numbers.ts'
import { durableSessions } from '../../src/sessions/durable/durable-sessions.ts'
import { databaseKinds } from '../fixtures/database/databases.ts'
import { chainedLog } from './fixtures/chained-log.ts'

const HOUR_MS = 3_600_000
const MOST = Number.MAX_SAFE_INTEGER

for (const kind of databaseKinds) {
  const { name, skip } = kind

  t.test(
    `${name}: an event that says it is older than the head before it is found`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      const writtenMs = log.clock()
      for (const hours of [0, 1]) {
        await log.write()
        await log.chain()
        log.clock.advance(HOUR_MS * hours)
        await log.sign()
      }
      const writeAt = async (at_ms: number) => {
        await log.write()
        await log.db.updateTable('audit_events').set({ at_ms }).where('seq', 'is', null).execute()
        await log.chain()
      }
      await writeAt(log.clock() - HOUR_MS)
      t.strictSame(await log.faults(), [], 'clocks differ, and transactions take a while')
      await writeAt(writtenMs - 2 * HOUR_MS)
      t.strictSame(await log.faults(), [{ fault: 'dated-back', seq: 4 }])
      log.clock.advance(HOUR_MS)
      t.match(await log.sign(), { number: 3, intact: false })
      t.match(log.found.at(-1), [{ fault: 'dated-back', seq: 4 }])
      t.equal(log.found.at(-1)?.length, 1)
    }
  )

  t.test(
    `${name}: an event that says it is later than the head that covers it is found`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      for (const hours of [1, 3, 500_000]) {
        await log.write()
        const at_ms = log.clock() + hours * HOUR_MS
        const written = log.db.updateTable('audit_events').where('at_ms', '=', log.clock())
        await written.set({ at_ms }).execute()
      }
      await log.chain()
      const ahead = [2, 3].map((seq) => ({ fault: 'dated-ahead', seq }))
      t.strictSame(await log.faults(), ahead, 'before a head is signed')
      t.match(await log.sign(), { number: 1, intact: false })
      t.match(log.found, [ahead])
      t.match(await log.faults(), [...ahead, { fault: 'not-intact' }])
    }
  )

  t.test(`${name}: a clock that was ahead makes no later event a fault`, { skip }, async (t) => {
    const log = await chainedLog(t, kind)
    await log.write()
    await log.chain()
    await log.sign()
    log.clock.advance(1000 * HOUR_MS)
    await log.write()
    await log.chain()
    await log.sign()
    log.clock.advance(-999 * HOUR_MS)
    await log.write()
    await log.chain()
    t.match(await log.sign(), { number: 3, intact: true })
    t.strictSame(await log.faults(), [])
  })

  t.test(
    `${name}: the end of a session that is recorded hours later has the later time`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      const source = { address: '192.0.2.7', requestId: 'r' }
      const endedMs = log.clock()
      const { record } = durableSessions(log.db, log.clock)
      for (const sid of ['soon', 'late']) {
        await record({ kind: 'refresh-reused', subject: 'ada', sid, source }, endedMs)
        log.clock.advance(HOUR_MS)
      }
      await log.chain()
      t.match(await log.records(), [
        { at: new Date(endedMs).toISOString(), detail: {} },
        {
          at: new Date(endedMs + HOUR_MS).toISOString(),
          detail: { endedAt: Math.floor(endedMs / 1000) }
        }
      ])
    }
  )

  t.test(
    `${name}: the first head covers all events that existed before it`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      for (let count = 0; count < 3; count += 1) await log.write()
      t.equal(await log.chain(), true)
      t.equal(await log.sign(false), null, 'not all of them are chained')
      t.match(await log.sign(), { number: 1, seq: 3 })
      t.ok(Math.abs((await databaseNow(log.db)) - Date.now()) < HOUR_MS)
    }
  )

  t.test(
    `${name}: a time of the database that cannot be right dates no head`,
    { skip },
    async (t) => {
      const { db } = await chainedLog(t, kind)
      const earlierMs = Date.now() - HOUR_MS
      t.ok((await plausibleNow(db, () => earlierMs)) > earlierMs, 'the database judges')
      const farMs = Date.now() + 500 * 24 * HOUR_MS
      t.equal(await plausibleNow(db, () => farMs), farMs)
    }
  )

  t.test(
    `${name}: two events cannot have one number, and a taken number does not stop the chain`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      for (let count = 0; count < 2; count += 1) await log.write()
      await log.chain()
      await log.sign()
      const [row] = await log.db.selectFrom('audit_events').selectAll().execute()
      if (row === undefined) throw new Error('no record')
      const insert = (seq: number | null) =>
        log.db
          .insertInto('audit_events')
          .values({ ...row, seq })
          .execute()
      await t.rejects(insert(2), /unique/i)
      for (const seq of [3, 5, MOST]) await insert(seq)
      for (let count = 0; count < 3; count += 1) await log.write()
      await log.chain()
      t.match(await log.state(), { last: { seq: 7 }, outside: 1 })
      t.strictSame(await log.faults(), [
        { fault: 'outside', seq: 0 },
        { fault: 'altered', seq: 3 },
        { fault: 'altered', seq: 5 }
      ])
      await sql`update audit_events set at_ms = ${sql.lit(2n ** 60n)} where seq = 1`.execute(log.db)
      t.match((await log.faults()).at(1), { fault: 'altered', seq: 1 }, 'no exact number')
    }
  )

  t.test(`${name}: an upgrade moves twins out of the chain`, { skip }, async (t) => {
    const log = await chainedLog(t, kind)
    for (let count = 0; count < 3; count += 1) await log.write()
    await log.chain()
    await sql`drop index audit_events_seq_key`.execute(log.db)
    const rows = await log.db.selectFrom('audit_events').selectAll().orderBy('seq').execute()
    for (const row of rows.slice(1)) {
      const twins = [1, 2].map((later) => ({ ...row, at_ms: row.at_ms + later }))
      await log.db.insertInto('audit_events').values(twins).execute()
    }
    await auditNumbers.up(log.db)
    t.strictSame(await log.faults(), [{ fault: 'outside', seq: 0 }])
    t.match(await log.state(), { outside: 4 })
    const [second] = rows.slice(1)
    if (second === undefined) throw new Error('no second record')
    await t.rejects(log.db.insertInto('audit_events').values(second).execute(), /unique/i)
  })

  t.test(`${name}: no forged head uses up the numbers of heads`, { skip }, async (t) => {
    const log = await chainedLog(t, kind)
    const next = async () => {
      await log.write()
      await log.chain()
      log.clock.advance(HOUR_MS)
      return await log.sign()
    }
    await next()
    await next()
    const [head] = await log.db.selectFrom('audit_heads').selectAll().execute()
    if (head === undefined) throw new Error('no head')
    const forge = (number: number, more: object = {}) =>
      log.db
        .insertInto('audit_heads')
        .values({ ...head, number, ...more })
        .execute()
    await forge(0)
    t.match(await log.state(), { outside: 1 })
    await forge(MOST, { at_ms: MOST, kid: log.keys.active().kid })
    t.match(await next(), { number: 3, intact: false }, 'an instance that has seen a genuine one')
    const started = await log.another()
    log.clock.advance(HOUR_MS)
    t.match(await started.sign(), { number: 4, intact: false }, 'one that starts later')
    t.match(started.found.at(-1)?.at(0), { fault: 'forged-head', seq: 3 })
    const found = new Set((await log.faults()).map(({ fault }) => fault))
    for (const fault of ['outside', 'forged-head'] as const) t.ok(found.has(fault), fault)
  })
}
