import { sql } from 'kysely'
import t from 'tap'
import { auditNumbers } from '../../src/database/migrations/0033-audit-numbers.ts'
import { databaseKinds } from '../fixtures/database/databases.ts'
import { chainedLog } from './fixtures/chained-log.ts'

const HOUR_MS = 3_600_000

for (const kind of databaseKinds) {
  const { name, skip } = kind

  t.test(
    `${name}: a head that replaced another one in the database is not continued`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      const other = await log.another()
      for (let count = 0; count < 3; count += 1) await log.write()
      await log.chain()
      const genuine = await log.sign()
      // The records are chained again without the second one, and a head says so.
      await log.db.deleteFrom('audit_events').where('seq', '=', 2).execute()
      await log.db.updateTable('audit_events').set({ seq: null, digest: null }).execute()
      await log.db.updateTable('audit_chain').set({ seq: 0, digest: '' }).execute()
      await log.chain()
      const { last } = await log.state()
      await log.db
        .updateTable('audit_heads')
        .set({ ...last, jws: 'e30..AA' })
        .execute()
      log.clock.advance(HOUR_MS)
      await log.sign()
      const forged = { fault: 'forged-head' }
      t.match(log.found.at(-1), [forged], 'the instance remembers what it signed')
      t.match((await log.heads()).at(-1), { number: 2, intact: false })

      await log.db.deleteFrom('audit_heads').where('number', '=', 2).execute()
      log.clock.advance(HOUR_MS)
      await other.sign()
      t.match(other.found, [[forged]], 'another one finds no published key that has signed it')
      await log.db.deleteFrom('audit_heads').where('number', '=', 1).execute()
      const found = (await log.faults()).map(({ fault }) => fault)
      t.ok(found.includes('not-intact'), `${genuine?.number} was replaced`)
      t.ok(found.includes('missing-head'), 'the first head is not there')
    }
  )

  t.test(
    `${name}: an instance that started later cannot sign away what an older one remembers`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      const next = async (by: Pick<typeof log, 'sign'>) => {
        await log.write()
        await log.chain()
        log.clock.advance(HOUR_MS)
        return await by.sign()
      }
      for (let count = 0; count < 2; count += 1) await next(log)
      const later = await log.another()
      for (let count = 0; count < 3; count += 1) await next(later)
      t.match(await next(log), { number: 6, intact: true }, 'other instances sign as well')

      // Without the newest head, somebody replaces the record that only it covered.
      await log.db.deleteFrom('audit_heads').where('number', '=', 6).execute()
      await log.db.deleteFrom('audit_events').where('seq', '=', 6).execute()
      const last = (await log.records()).at(-1)
      await log.db
        .updateTable('audit_chain')
        .set({ seq: 5, digest: last?.digest ?? '' })
        .execute()
      const started = await log.another()
      t.match(await next(started), { number: 6, intact: true })
      await log.keys.rotate()
      t.match(await started.sign(), { number: 7, intact: true }, 'before the older one')
      t.match(await next(log), { number: 8, intact: false })
      t.match(log.found.at(-1)?.at(0), { fault: 'forged-head' })
      t.match(await next(started), { number: 9, intact: true }, 'both continue from there')
      t.match(await next(log), { number: 10, intact: true })
    }
  )

  t.test(
    `${name}: a chain whose beginning or end was moved is signed as not intact`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      for (let count = 0; count < 3; count += 1) await log.write()
      await log.chain()
      await log.sign()
      const { last } = await log.state()
      const chain = () => log.db.updateTable('audit_chain')
      const moves = [
        [{ digest: 'other' }, ['rewritten']],
        [{ seq: 2 }, ['missing-tail', 'outside']],
        [{ anchor_seq: 3, anchor_digest: 'other' }, ['rewritten', 'removed-early', 'outside']],
        [{ anchor_seq: 5, anchor_digest: 'other', seq: 5 }, ['removed-early', 'outside']]
      ] as const
      for (const [moved, faults] of moves) {
        await chain().set(moved).execute()
        log.clock.advance(HOUR_MS)
        await log.sign()
        const found = log.found.at(-1)?.map(({ fault }) => fault) ?? []
        t.strictSame(new Set(found), new Set(faults))
        t.match((await log.heads()).at(-1), { intact: false })
        await log.db.deleteFrom('audit_heads').where('number', '>', 1).execute()
        await chain()
          .set({ ...last, anchor_seq: 0, anchor_digest: '' })
          .execute()
      }
    }
  )

  t.test(
    `${name}: a forged lock of another instance in the database does not prevent heads`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      await log.write()
      await log.chain()
      const minute = 60_000
      for (const [untilMs, count] of [
        [log.clock() + minute, 0],
        [log.clock() + 1000 * HOUR_MS, 1]
      ] as const) {
        await log.db.updateTable('audit_chain').set({ signing_until_ms: untilMs }).execute()
        await log.sign()
        t.equal((await log.heads()).length, count)
      }
    }
  )

  t.test(
    `${name}: a head with an earlier forged date causes no event to be deleted`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      for (let count = 0; count < 3; count += 1) await log.write()
      await log.chain()
      await log.sign()
      await log.db.updateTable('audit_heads').set({ at_ms: 0 }).execute()
      await log.sign()
      t.equal(await log.forget(), false)
      t.equal((await log.records()).length, 3)
    }
  )

  t.test(
    `${name}: events with numbers outside the chain, and two with one number, are found`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      for (let count = 0; count < 3; count += 1) await log.write()
      await log.chain()
      const [row] = await log.db
        .selectFrom('audit_events')
        .selectAll()
        .where('seq', '=', 2)
        .execute()
      if (row === undefined) throw new Error('no second record')
      const insert = (seq: number) =>
        log.db
          .insertInto('audit_events')
          .values({ ...row, seq })
          .execute()
      for (const seq of [0, -7, 1_000_000]) await insert(seq)
      t.strictSame(await log.faults(), [{ fault: 'outside', seq: 0 }])
      t.match(await log.state(), { outside: 3 })
      // Tests of one process share a database; the next one needs the index.
      t.teardown(() => auditNumbers.up(log.db))
      await sql`drop index audit_events_seq_key`.execute(log.db)
      await insert(2)
      t.strictSame(
        (await log.records(2)).map(({ seq }) => seq),
        [1, 2, 2],
        'both are on the page that ends with them'
      )
      t.match(await log.faults(), [{ fault: 'outside' }, { fault: 'altered', seq: 2 }])
    }
  )

  t.test(
    `${name}: the removal of heads that prove the age of deleted events is found`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      for (let count = 0; count < 4; count += 1) {
        await log.write()
        await log.chain()
        await log.sign()
        log.clock.advance(HOUR_MS)
      }
      const [, second] = await log.heads()
      await log.db.deleteFrom('audit_heads').where('number', '<', 2).execute()
      await log.db.deleteFrom('audit_events').where('seq', '<=', 2).execute()
      const anchor = { anchor_seq: 2, anchor_digest: second?.digest ?? '' }
      await log.db.updateTable('audit_chain').set(anchor).execute()
      t.match(await log.faults(), [{ fault: 'removed-early' }, { fault: 'missing-head' }])
      await log.db.deleteFrom('audit_heads').execute()
      log.clock.advance(HOUR_MS)
      t.match(await log.faults(), [{ fault: 'missing-head', seq: 3 }], 'without any head')
    }
  )
}
