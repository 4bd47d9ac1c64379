import { testClock } from '@gatehouse/fixtures/clock'
import t from 'tap'
import { deliveryOperations } from '../../src/outbox/delivery-operations.ts'
import { forgetDeliveries } from '../../src/outbox/forget-deliveries.ts'
import { startIdleLanes, WAITS_MS } from '../../src/outbox/lanes.ts'
import { queueDeliveries } from '../../src/outbox/queue-deliveries.ts'
import { databaseKinds } from '../fixtures/database/databases.ts'
import { claiming, LEASE_MS, message } from './fixtures/claiming.ts'

for (const { name, skip, make } of databaseKinds) {
  t.test(
    `${name}: the deliveries of one lane are claimed one at a time; other lanes do not wait for them`,
    { skip },
    async (t) => {
      const db = await (await make(t)).open()
      const clock = testClock()
      const outbox = claiming(db, clock)
      const queued = [message('x', 1), message('x', 2), message('y', 1), message('x', 3)]
      await queueDeliveries(db, [...queued, message('x', 1, 'b')], clock())

      const [first, other, ...more] = await outbox.claim(10)
      t.strictSame([first?.messageId, other?.messageId, more], ['x1', 'y1', []])
      t.strictSame(await outbox.claim(10), [], 'the lane is taken')
      t.equal((await outbox.claim(10, 'b')).length, 1, 'each target has lanes of its own')
      if (first === undefined || other === undefined) return

      const dueAtMs = clock() + 5000
      const repeated = { state: 'pending', dueAtMs, fault: 'status', status: 500 } as const
      t.ok(await outbox.settle(db, first, repeated))
      t.strictSame(await outbox.claim(10), [], 'a failed delivery holds its lane')
      clock.advance(5000)
      const [again, abandoned] = await outbox.claim(10)
      t.match(again, { messageId: 'x1', attempt: 2 })
      t.match(abandoned, { messageId: 'y1', attempt: 2 }, 'no result was recorded in time')
      if (again === undefined) return
      await outbox.settle(db, again, { state: 'delivered', atMs: clock(), status: 204 })
      const next = await outbox.claim(10)
      t.strictSame(
        next.map(({ messageId }) => messageId),
        ['x2']
      )
    }
  )

  t.test(
    `${name}: instances that claim at once never get the same delivery`,
    { skip },
    async (t) => {
      const database = await make(t)
      const clock = testClock()
      const instances = await Promise.all([database.open(), database.open(), database.open()])
      const [db] = instances
      if (db === undefined) return
      const queued = Array.from({ length: 36 }, (_, at) => message(`lane ${at % 24} `, at))
      await queueDeliveries(db, queued, clock())

      const claimed = await Promise.all(
        instances.map(async (one) => {
          const ids: string[] = []
          for (;;) {
            const some = await claiming(one, clock).claim(2)
            if (some.length === 0) return ids
            ids.push(...some.map(({ messageId }) => messageId))
          }
        })
      )
      const ids = claimed.flat()
      t.equal(ids.length, 24, 'the first of each lane')
      t.equal(new Set(ids).size, 24)
      t.ok(claimed.filter((of) => of.length > 0).length > 1, 'by several instances')
    }
  )

  t.test(
    `${name}: a delivery whose instance stopped is claimed again, and a late result is ignored`,
    { skip },
    async (t) => {
      const db = await (await make(t)).open()
      const clock = testClock()
      const outbox = claiming(db, clock)
      await queueDeliveries(db, [message('x', 1)], clock())
      const [late] = await outbox.claim(1)
      clock.advance(LEASE_MS - 1)
      t.strictSame(await outbox.claim(1), [])
      clock.advance(1)
      const [second] = await outbox.claim(1)
      t.equal(second?.attempt, 2)
      if (late === undefined || second === undefined) return
      const delivered = { state: 'delivered', atMs: clock(), status: 200 } as const
      t.notOk(await outbox.settle(db, late, delivered))
      await outbox.release(late, clock())
      t.strictSame(await outbox.claim(1), [], 'the second attempt is still in progress')
      t.ok(await outbox.settle(db, second, delivered))
    }
  )

  t.test(
    `${name}: a delivery that waits for a failed one is due when that is discarded`,
    { skip },
    async (t) => {
      const db = await (await make(t)).open()
      const clock = testClock()
      const outbox = claiming(db, clock)
      await queueDeliveries(db, [message('x', 1), message('x', 2), message('y', 1)], clock())
      const [first] = await outbox.claim(1)
      if (first === undefined) return
      const dueAtMs = clock() + 60_000
      await outbox.settle(db, first, { state: 'pending', dueAtMs, fault: 'status', status: 500 })
      const due = async () => {
        const rows = await db.selectFrom('deliveries').selectAll().orderBy('position').execute()
        return rows.map((row) => row.due_at_ms - clock())
      }
      const waits = WAITS_MS - clock()
      t.strictSame(await due(), [60_000, waits, 0], 'other lanes are due')
      t.ok(await deliveryOperations(db).discard(db, 'webhook', first.id, clock()))
      t.strictSame((await due()).slice(1), [0, 0])
      t.equal((await outbox.claim(10)).length, 2)
    }
  )

  t.test(`${name}: only the first pending delivery of a lane is due`, { skip }, async (t) => {
    const db = await (await make(t)).open()
    const clock = testClock()
    const outbox = claiming(db, clock)
    const queue = (...numbers: number[]) =>
      db.transaction().execute((transaction) =>
        queueDeliveries(
          transaction,
          numbers.map((number) => message('x', number)),
          clock()
        )
      )
    await queue(...Array.from({ length: 20 }, (_, at) => at))
    const isDue = async () => {
      const due = db.selectFrom('deliveries').select('message_id').where('state', '=', 'pending')
      const rows = await due.where('due_at_ms', '<', WAITS_MS).execute()
      return rows.map(({ message_id }) => message_id)
    }
    t.strictSame(await isDue(), ['x0'])
    const [first] = await outbox.claim(10)
    if (first === undefined) return
    clock.advance(1)
    // A login queues an event while the previous one is being settled.
    await Promise.all([
      queue(20),
      db
        .transaction()
        .execute((transaction) =>
          outbox.settle(transaction, first, { state: 'delivered', atMs: clock(), status: 200 })
        )
    ])
    t.strictSame(await isDue(), ['x1'])
    await forgetDeliveries(db, 'webhook', -1, clock, 20)()
    t.strictSame(await isDue(), ['x20'], 'the one that is left')
    const [last] = await outbox.claim(10)
    if (last === undefined) return
    await Promise.all([
      queue(21),
      db
        .transaction()
        .execute((transaction) =>
          outbox.settle(transaction, last, { state: 'delivered', atMs: clock(), status: 200 })
        )
    ])
    t.strictSame(await isDue(), ['x21'], 'whichever came first')
    await queue(22)
    // An earlier version starts no lane.
    await db
      .updateTable('deliveries')
      .set({ state: 'dead' })
      .where('message_id', '=', 'x21')
      .execute()
    t.strictSame(await isDue(), [])
    await startIdleLanes(db, 'webhook', clock, 2)()
    t.strictSame(await isDue(), ['x22'])
    await db.updateTable('deliveries').set({ state: 'dead' }).execute()
    const all = { kind: 'webhook', target: 'a' } as const
    t.equal(await deliveryOperations(db).retryAll(all, clock(), async () => {}), 3)
    t.strictSame(await isDue(), ['x20'], 'of those that are retried, the first')
    await db
      .updateTable('deliveries')
      .set({ state: 'dead' })
      .where('message_id', '=', 'x21')
      .execute()
    const dead = await deliveryOperations(db).list({ kind: 'webhook', state: 'dead', limit: 1 })
    t.equal(await deliveryOperations(db).retry(db, 'webhook', dead[0]?.id ?? '', clock()), true)
    t.strictSame(await isDue(), ['x20'], 'one that is retried waits for an earlier one')
  })
}
