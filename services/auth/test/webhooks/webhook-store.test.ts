import { testClock } from '@gatehouse/fixtures/clock'
import t from 'tap'
import { queueDeliveries } from '../../src/outbox/queue-deliveries.ts'
import { forgetOrphans } from '../../src/webhooks/forget-orphans.ts'
import { forgetPreviousSecrets, validSecrets } from '../../src/webhooks/webhook-secrets.ts'
import { webhookStore } from '../../src/webhooks/webhook-store.ts'
import { databaseKinds } from '../fixtures/database/databases.ts'

const [oldKey, newKey, otherKey] = [1, 2, 3].map((byte) => Buffer.alloc(32, byte)) as [
  Buffer,
  Buffer,
  Buffer
]
const unknownKey = { message: /^AUTH_KEY_ENCRYPTION_KEY: the secret of the webhook endpoint/ }
const endpoint = { url: 'https://hooks.example.com/', events: [] }

for (const { name, skip, make } of databaseKinds) {
  t.test(`${name}: the key that encrypts secrets can change`, { skip }, async (t) => {
    const db = await (await make(t)).open()
    const clock = testClock()
    const by = { source: { address: 'ops', requestId: 'test' }, clock }
    const before = webhookStore(db, [oldKey])
    const added = await before.insert(endpoint, 50, by)
    const id = added?.webhook.id ?? ''
    const second = await before.rotateSecret(id, clock() + 1000, by)

    const between = webhookStore(db, [newKey, oldKey])
    t.equal(await between.reseal(), 1)
    t.equal(await between.reseal(), 0)
    t.equal(await webhookStore(db, [newKey]).reseal(), 0, 'the old key is not needed')
    const row = await between.find(id)
    if (row === null) throw new Error('the endpoint is gone')
    t.strictSame(validSecrets(row, [newKey], clock()), [second, added?.secret])
    await t.rejects(webhookStore(db, [otherKey]).reseal(), unknownKey)
    t.throws(() => validSecrets({ ...row, id: 'another' }, [newKey], clock()), unknownKey)

    clock.advance(1000)
    await forgetPreviousSecrets(db, clock)()
    t.match(await between.find(id), { sealed_previous_secret: null, previous_until_ms: null })
  })

  t.test(`${name}: deliveries to a removed endpoint are deleted`, { skip }, async (t) => {
    const db = await (await make(t)).open()
    const clock = testClock()
    const by = { source: { address: 'ops', requestId: 'test' }, clock }
    const store = webhookStore(db, [oldKey])
    const added = await store.insert(endpoint, 50, by)
    const id = added?.webhook.id ?? ''
    const delivery = { kind: 'webhook', lane: 'x', topic: 'x', payload: '{}' } as const
    const many = Array.from({ length: 501 }, (_, at) => `${at}`)
    await queueDeliveries(
      db,
      [
        { ...delivery, target: id, messageId: '1' },
        ...many.map((messageId) => ({ ...delivery, target: 'removed', messageId }))
      ],
      clock()
    )
    t.equal(await forgetOrphans(db)(), true, 'one batch of many')
    t.equal(await forgetOrphans(db)(), false)
    const left = await db.selectFrom('deliveries').select('target').execute()
    t.strictSame(
      left.map(({ target }) => target),
      [id]
    )
  })
}
