import t from 'tap'
import { eraseTraces, noteErasure } from '../../src/accounts/changes/erase-traces.ts'
import { databaseKinds } from '../fixtures/database/databases.ts'
import { chainedLog, DAYS } from './fixtures/chained-log.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

for (const kind of databaseKinds) {
  const { name, skip } = kind

  t.test(
    `${name}: events of several instances have one chain without gaps`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      const other = await log.another()
      const writers = [log, other]
      await Promise.all(
        Array.from({ length: 30 }, async (_, at) => {
          await writers[at % 2]?.write({ subject: `user ${at}` })
          if (at % 5 === 0) await Promise.all(writers.map(({ chain }) => chain()))
        })
      )
      await log.chain()

      const records = await log.records()
      t.strictSame(
        records.map(({ seq }) => seq),
        Array.from({ length: 30 }, (_, at) => at + 1)
      )
      t.equal(new Set(records.map(({ user }) => user)).size, 30)
      t.strictSame(await log.faults(), [])
    }
  )

  t.test(`${name}: a chained event that was changed or removed is found`, { skip }, async (t) => {
    const log = await chainedLog(t, kind)
    for (let count = 0; count < 6; count += 1) await log.write()
    await log.chain()
    await log.sign()
    const rows = log.db.updateTable('audit_events')
    await rows.set({ detail: '{"a":1}' }).where('seq', '=', 2).execute()
    await rows.set({ detail: 'no JSON' }).where('seq', '=', 3).execute()
    await log.db.deleteFrom('audit_events').where('seq', '=', 5).execute()
    t.strictSame(await log.faults(), [
      { fault: 'altered', seq: 2 },
      { fault: 'altered', seq: 3 },
      { fault: 'missing', seq: 5 }
    ])
    await log.db.deleteFrom('audit_events').where('seq', '>', 3).execute()
    await log.db
      .updateTable('audit_chain')
      .set({ seq: 3, digest: (await log.records()).at(-1)?.digest ?? '' })
      .execute()
    t.match((await log.faults()).slice(2), [{ fault: 'missing-tail', seq: 4 }], 'the head says so')
  })

  t.test(
    `${name}: a head is signed hourly, with the active key, and says whether the events verify`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      const other = await log.another()
      t.equal(await log.sign(), null, 'there is nothing to sign')
      await log.write()
      await log.chain()
      await Promise.all([log.sign(), other.sign()])
      t.match(await log.heads(), [{ number: 1, seq: 1, intact: true, kid: log.keys.active().kid }])

      await log.write()
      await log.chain()
      log.clock.advance(HOUR_MS - 1)
      await log.sign()
      t.equal((await log.heads()).length, 1, 'within the hour')
      log.clock.advance(1)
      await log.sign()
      await log.keys.rotate()
      await log.sign()
      t.match((await log.heads()).slice(1), [
        { number: 2, seq: 2 },
        { number: 3, seq: 2, kid: log.keys.active().kid }
      ])
      t.strictSame(await log.faults(), [])

      await log.write()
      await log.chain()
      await log.db
        .updateTable('audit_events')
        .set({ kind: 'logout' })
        .where('seq', '=', 3)
        .execute()
      log.clock.advance(HOUR_MS)
      await log.sign()
      t.match(log.found.at(-1), [{ fault: 'altered', seq: 3 }])
      t.match(await log.faults(), [
        { fault: 'altered', seq: 3 },
        { fault: 'not-intact', seq: 3 }
      ])
    }
  )

  t.test(
    `${name}: heads that are forged, removed or signed by a withdrawn key are found`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      for (let count = 0; count < 4; count += 1) {
        await log.write()
        await log.chain()
        await log.sign()
        log.clock.advance(HOUR_MS)
      }
      t.strictSame(await log.faults(), [])
      await log.keys.rotate()
      await log.sign()
      log.keys.withdraw()
      t.match(await log.faults(), [{ fault: 'unpublished-key' }])
      await log.keys.rotate()
      await log.sign()

      await log.db.deleteFrom('audit_heads').where('number', '=', 2).execute()
      await log.db.updateTable('audit_heads').set({ seq: 1 }).where('number', '=', 4).execute()
      const found = (await log.faults()).map(({ fault }) => fault)
      t.strictSame(new Set(found), new Set(['rewritten', 'missing-head', 'forged-head']))

      await log.db.deleteFrom('audit_heads').execute()
      log.clock.advance(HOUR_MS)
      await log.sign()
      t.match(await log.heads(), [{ number: 7 }], 'the instance remembers the newest one')
    }
  )

  t.test(`${name}: what is left after a deletion of old events verifies`, { skip }, async (t) => {
    const log = await chainedLog(t, kind)
    for (let count = 0; count < 4; count += 1) {
      await log.write()
      await log.chain()
      await log.sign()
      log.clock.advance(150 * DAY_MS)
    }
    t.equal(await log.forget(), false)
    t.equal((await log.records()).length, 3, 'as far as the newest head states it')
    await log.sign()
    t.equal(await log.forget(), false)
    t.strictSame(
      (await log.records()).map(({ seq }) => seq),
      [3, 4]
    )
    t.strictSame(await log.faults(), [])
    t.match(await log.state(), { anchor: { seq: 2 }, last: { seq: 4 } })

    const [first] = await log.records()
    await log.db.deleteFrom('audit_events').where('seq', '=', 3).execute()
    t.strictSame(await log.faults(), [{ fault: 'missing', seq: 3 }])
    await log.db
      .updateTable('audit_chain')
      .set({ anchor_seq: 3, anchor_digest: first?.digest ?? '' })
      .execute()
    await log.db.deleteFrom('audit_events').where('seq', '=', 4).execute()
    await log.db
      .updateTable('audit_chain')
      .set({ anchor_seq: 4, anchor_digest: (await log.state()).last.digest })
      .execute()
    t.match(await log.faults(), [{ fault: 'removed-early', seq: 3 }])
  })

  t.test(
    `${name}: an event that a fast clock dated too late is deleted when its head is old`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      await log.write()
      await log.chain()
      await log.db
        .updateTable('audit_events')
        .set({ at_ms: log.clock() + 10_000 * DAY_MS })
        .execute()
      await log.sign()
      log.clock.advance((DAYS + 1) * DAY_MS)
      await log.sign()
      await log.forget()
      t.strictSame(await log.records(), [])
    }
  )

  t.test(
    `${name}: the erased addresses of a deleted user cannot be found, and the chain verifies`,
    { skip },
    async (t) => {
      const log = await chainedLog(t, kind)
      await log.write()
      await log.write({ subject: 'eve' })
      await log.chain()
      await log.write()
      await log.write({ kind: 'user-deleted', source: { address: 'ops', requestId: 'r' } })
      await log.db.transaction().execute((transaction) => noteErasure(transaction, 'ada'))
      await eraseTraces(log.db)
      await log.chain()
      t.match(await log.records(), [
        { user: 'ada', address: '', addressSalt: null, addressDigest: /^.{43}$/ },
        { user: 'eve', address: '192.0.2.7' },
        { user: 'ada', address: '' },
        { kind: 'user-deleted', address: 'ops' }
      ])
      t.strictSame(await log.faults(), [])
    }
  )
}
