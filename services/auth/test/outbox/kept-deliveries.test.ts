import { testClock } from '@gatehouse/fixtures/clock'
import t from 'tap'
import { deliveryOperations } from '../../src/outbox/delivery-operations.ts'
import { forgetDeliveries } from '../../src/outbox/forget-deliveries.ts'
import { WAITS_MS } from '../../src/outbox/lanes.ts'
import { queueDeliveries } from '../../src/outbox/queue-deliveries.ts'
import { databaseKinds } from '../fixtures/database/databases.ts'
import { claiming, message } from './fixtures/claiming.ts'

const DAY_MS = 86_400_000

for (const { name, skip, make } of databaseKinds) {
  t.test(
    `${name}: all dead deliveries are retried in parts, in their order`,
    { skip },
    async (t) => {
      const db = await (await make(t)).open()
      const clock = testClock()
      const many = Array.from({ length: 600 }, (_, at) => message(at % 2 === 0 ? 'x' : 'y', at))
      await queueDeliveries(db, many, clock())
      await db.updateTable('deliveries').set({ state: 'dead' }).execute()
      const counts: number[] = []
      const retry = (most: number) =>
        deliveryOperations(db).retryAll(
          { kind: 'webhook', target: 'a' },
          clock(),
          async (_, count) => {
            counts.push(count)
            if (counts.length > most) throw new Error('as a database that is gone')
          }
        )
      await t.rejects(retry(1), /gone/)
      t.equal(await retry(3), 100, 'the first part stays')
      t.strictSame(counts, [500, 100, 100])
      const rows = await db
        .selectFrom('deliveries')
        .select(['message_id', 'state'])
        .where('due_at_ms', '<', WAITS_MS)
        .execute()
      t.strictSame(
        rows.map(({ message_id }) => message_id),
        ['x0', 'y1'],
        'the first of each lane is due'
      )
    }
  )

  t.test(`${name}: a transaction that is rolled back leaves no delivery`, { skip }, async (t) => {
    const db = await (await make(t)).open()
    const clock = testClock()
    const failing = db.transaction().execute(async (transaction) => {
      await queueDeliveries(transaction, [message('x', 1)], clock())
      throw new Error('as a change that fails')
    })
    await t.rejects(failing, 'as a change that fails')
    t.strictSame(await claiming(db, clock).claim(1), [])
  })

  t.test(
    `${name}: old deliveries are deleted in batches, whatever their state`,
    { skip },
    async (t) => {
      const db = await (await make(t)).open()
      const clock = testClock()
      const many = Array.from({ length: 7 }, (_, at) => message('x', at))
      await queueDeliveries(db, many, clock() - 31 * DAY_MS)
      await queueDeliveries(db, [message('x', 8)], clock() - 29 * DAY_MS)
      const forget = forgetDeliveries(db, 'webhook', 30, clock, 5)
      t.equal(await forget(), true, 'there is more')
      t.equal(await forget(), false)
      const left = await db.selectFrom('deliveries').select('message_id').execute()
      t.strictSame(
        left.map((row) => row.message_id),
        ['x8']
      )
    }
  )
}
