import { sql } from 'kysely'
import t from 'tap'
import { auditChain, keptSince } from '../../src/audit-chain/audit-chain.ts'
import { databaseKinds } from '../fixtures/database/databases.ts'
import { chainedLog, DAYS } from './fixtures/chained-log.ts'
import { deleteUpTo, insertAccount, writeAndSign } from './fixtures/log-steps.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** as in src/database/statements/rows-per-statement.ts */
const BATCH = 500

for (const kind of databaseKinds) {
  const { name, skip } = kind

  t.test(
    `${name}: the early deletion of records that only the first head covers is found`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      for (let count = 0; count < 3; count += 1) await log.write()
      await writeAndSign(log)
      await deleteUpTo(log, 2)
      t.strictSame(await log.faults(), [{ fault: 'removed-early', seq: 1 }])
      log.clock.advance(HOUR_MS)
      t.match(await log.sign(), { number: 2, intact: false })
      t.match(log.found.at(-1), [{ fault: 'removed-early', seq: 1 }])
      t.match(await log.faults(), [{ fault: 'not-intact' }], 'which stays')
    }
  )

  t.test(
    `${name}: retention deletes no record whose time was altered, until a head proves its age`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      await log.write()
      await writeAndSign(log)
      await log.db.updateTable('audit_events').set({ at_ms: 0 }).execute()
      log.clock.advance(HOUR_MS)
      await writeAndSign(log)
      t.match(log.found.at(-1), [{ fault: 'altered', seq: 1 }])
      t.equal(await log.forget(), false)
      t.equal((await log.records()).length, 3)

      log.clock.advance(HOUR_MS)
      t.match(await log.sign(), { intact: true }, 'it is reported once')
      log.clock.advance(DAYS * DAY_MS - 1.5 * HOUR_MS)
      await writeAndSign(log)
      await log.forget()
      t.strictSame(
        (await log.records()).map(({ seq }) => seq),
        [3, 4],
        'those that the first head covers'
      )
    }
  )

  t.test(
    `${name}: a record that a head was not signed for is not due, whatever its digest`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      for (let count = 0; count < 2; count += 1) await log.write()
      await writeAndSign(log)
      // All records are chained again, with an earlier time.
      await log.db.updateTable('audit_events').set({ at_ms: 0, seq: null }).execute()
      await log.db.updateTable('audit_chain').set({ seq: 0, digest: '' }).execute()
      await log.chain()
      log.clock.advance(HOUR_MS)
      t.match(await log.sign(), { number: 2, intact: false })
      await log.forget()
      t.match(await log.records(), [{ seq: 3 }], 'it shows that the others were rewritten')
      t.match((await log.faults())[0], { fault: 'rewritten', seq: 3 })
    }
  )

  t.test(`${name}: due records are deleted in batches, the oldest first`, { skip }, async (t) => {
    const log = await chainedLog(t, kind)
    const at_ms = log.clock() - (DAYS + 1) * DAY_MS
    const event = { at_ms, kind: 'login', subject: null, sid: null, address: '::1' } as const
    const old = Array.from({ length: BATCH + 7 }, () => ({
      ...event,
      detail: '{}',
      request_id: ''
    }))
    await log.db.insertInto('audit_events').values(old).execute()
    await log.chain()
    await writeAndSign(log)
    t.equal(await log.forget(), true)
    t.match(await log.state(), { anchor: { seq: BATCH } })
    t.equal(await log.forget(), false)
    t.strictSame(
      (await log.records()).map(({ seq }) => seq),
      [BATCH + 8]
    )
    t.strictSame(await log.faults(), [])
    t.equal(keptSince(0, log.clock()), 0, 'or are kept forever')
  })

  t.test(
    `${name}: after an upgrade, deletions of an earlier version are accepted for one day`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      const earlier = log.ofEarlierVersion()
      for (let count = 0; count < 3; count += 1) {
        await writeAndSign(log, earlier)
        log.clock.advance(HOUR_MS)
      }
      log.clock.advance((DAYS - 1) * DAY_MS)
      await writeAndSign(log)
      await deleteUpTo(log, 1)
      log.clock.advance(HOUR_MS)
      await log.write()
      await log.chain()
      t.match(await earlier.sign(), { number: 5, intact: true }, 'it accepts the new heads')
      await deleteUpTo(log, 2)
      for (let hours = 0; hours < 26; hours += 1) {
        log.clock.advance(HOUR_MS)
        await writeAndSign(log)
      }
      t.strictSame(log.found.flat(), [])
      t.strictSame(await log.faults(), [])
      await deleteUpTo(log, 5)
      t.match(await log.faults(), [{ fault: 'removed-early' }])
    }
  )

  t.test(
    `${name}: retention passes records that a version without a chain deletes during the upgrade`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      for (let hours = 0; hours < 40; hours += 1) {
        await log.write()
        log.clock.advance(HOUR_MS)
      }
      log.clock.advance(DAYS * DAY_MS - 38 * HOUR_MS)
      await log.chain()
      t.match(await log.sign(), { number: 1, intact: true })
      await log.db.deleteFrom('audit_events').where('seq', '<=', 4).execute()
      log.clock.advance(3 * HOUR_MS)
      t.match(await log.sign(), { number: 2, intact: true })
      await log.forget()
      t.match(await log.state(), { anchor: { seq: 5 } })
      t.strictSame(await log.faults(), [])

      log.clock.advance(22 * HOUR_MS)
      t.match(await log.sign(), { number: 3, intact: true })
      await log.forget()
      await log.db.deleteFrom('audit_events').where('seq', '=', 28).execute()
      log.clock.advance(2 * HOUR_MS)
      t.match(await log.sign(), { number: 4, intact: false }, 'a day later, nobody else deletes')
      t.strictSame((await log.faults())[0], { fault: 'missing', seq: 28 })
    }
  )

  t.test(`${name}: after the retention was raised, the log still verifies`, { skip }, async (t) => {
    const log = await chainedLog(t, kind)
    for (let count = 0; count < 4; count += 1) {
      await writeAndSign(log)
      log.clock.advance(150 * DAY_MS)
    }
    await log.sign()
    await log.forget()
    t.match(await log.state(), { anchor: { seq: 2 } })
    const { verify } = auditChain({ db: log.db, keys: log.keys, days: 2 * DAYS, clock: log.clock })
    t.match(await verify({ after: 0, afterHead: 0, limit: 100 }), { isEnd: true, faults: [] })
  })

  t.test(
    `${name}: a record that reports the deletion of a user who has an account is found`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      const [id, other] = ['ada', 'eve']
      await insertAccount(log, id)
      t.teardown(() => log.db.deleteFrom('accounts').execute())
      for (const subject of [id, other]) await log.write({ kind: 'user-deleted', subject })
      await log.chain()
      t.strictSame(await log.faults(), [{ fault: 'undeleted', seq: 0 }])
      t.match(await log.sign(), { intact: false })
      log.clock.advance(1)
      await log.write({ kind: 'user-imported', subject: id })
      await log.chain()
      t.strictSame(await log.faults(), [{ fault: 'not-intact', seq: 2 }], 'it was imported again')
    }
  )

  t.test(`${name}: without its row, no record belongs to the chain`, { skip }, async (t) => {
    const log = await chainedLog(t, kind)
    await writeAndSign(log)
    const [row] = await log.db.selectFrom('audit_chain').selectAll().execute()
    t.teardown(async () => {
      if (row !== undefined) await log.db.insertInto('audit_chain').values(row).execute()
    })
    await sql`delete from audit_chain`.execute(log.db)
    const found = [
      { fault: 'outside', seq: 0 },
      { fault: 'missing-tail', seq: 1 }
    ]
    t.strictSame(await log.faults(), found)
    await log.write()
    await t.rejects(log.chain(), { message: 'the table audit_chain has no row' })
  })
}
