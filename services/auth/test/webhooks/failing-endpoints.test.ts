import { eventually } from '@gatehouse/fixtures/client'
import { Registry } from 'prom-client'
import t from 'tap'
import { oneEndpoint } from '../fixtures/webhooks/webhook-endpoint.ts'
import { SOURCE } from '../fixtures/webhooks/webhook-instance.ts'
import { gate, ok, status, webhookReceiver } from '../fixtures/webhooks/webhook-receiver.ts'

const HOUR_MS = 3_600_000

t.test(
  'an endpoint that does not answer delays no other, and has four attempts at most',
  async (t) => {
    const { receiver: slow, operations, happens, deliver } = await oneEndpoint(t)
    const quick = await webhookReceiver(t)
    await operations.add({ url: quick.url, events: [] }, SOURCE)
    const held = gate()
    slow.respond = async (response) => {
      await held.opened
      response.end()
    }
    for (let number = 0; number < 8; number += 1) await happens(`user ${number}`)
    const delivering = deliver()
    const isFull = ([got, loaded]: number[]) => got === 8 && loaded === 4
    const counts = await eventually(async () => [quick.received.length, slow.load.now], isFull)
    t.strictSame(counts, [8, 4], 'the other one has all of them')
    held.open()
    await delivering
    t.equal(slow.load.most, 4)
    t.equal(slow.received.length, 8)
  }
)

t.test('an endpoint that is down is paused as a whole, however much waits for it', async (t) => {
  const { receiver, states, clock, happens, deliver } = await oneEndpoint(t)
  receiver.respond = status(503)
  for (let number = 0; number < 12; number += 1) await happens(`user ${number}`)
  await deliver()
  t.equal(receiver.received.length, 4, 'the attempts that had begun together')
  clock.advance(999)
  await deliver()
  t.equal(receiver.received.length, 4, 'they are one failure')
  clock.advance(1)
  await deliver()
  t.equal(receiver.received.length, 5, 'then one at a time')
  receiver.respond = ok
  clock.advance(HOUR_MS)
  await deliver()
  t.strictSame(new Set(await states()), new Set(['delivered']))
})

t.test('a pause that an endpoint asks for is kept', async (t) => {
  const { receiver, clock, happens, deliver } = await oneEndpoint(t)
  receiver.respond = status(429, { 'retry-after': '120' })
  await happens('ada')
  await deliver()
  await happens('eve')
  receiver.respond = ok
  clock.advance(119_000)
  await deliver()
  t.equal(receiver.received.length, 1)
  clock.advance(1000)
  await deliver()
  t.equal(receiver.received.length, 3)
})

t.test('after the last attempt, a delivery is dead until an operator retries it', async (t) => {
  const registry = new Registry()
  const { receiver, id, states, clock, happens, deliver, operations, count } = await oneEndpoint(
    t,
    { disableAfterMs: 0, registry }
  )
  receiver.respond = status(500)
  await happens('ada')
  for (let round = 0; round < 13; round += 1) {
    await deliver()
    clock.advance(25 * HOUR_MS)
  }
  t.equal(receiver.received.length, 11)
  t.strictSame(await states(), ['dead'])
  await count()
  t.match(await registry.metrics(), 'auth_deliveries_dead{kind="webhook"} 1')
  await happens('eve')
  receiver.respond = ok
  await deliver()
  t.strictSame(await states(), ['delivered', 'dead'], 'others continue')

  t.equal(await operations.retryAll(id, SOURCE), 1)
  clock.advance(15_000)
  await count()
  const waiting = await registry.metrics()
  t.match(waiting, 'auth_deliveries_pending{kind="webhook"} 1')
  t.match(waiting, /auth_delivery_oldest_pending_seconds\{kind="webhook"\} \d{6,}/)
  await deliver()
  t.strictSame(await states(), ['delivered', 'delivered'])
  clock.advance(15_000)
  await count()
  const metrics = await registry.metrics()
  t.match(metrics, 'auth_deliveries_dead{kind="webhook"} 0')
  t.match(metrics, 'auth_deliveries_pending{kind="webhook"} 0')
  t.match(metrics, 'auth_delivery_oldest_pending_seconds{kind="webhook"} 0')
  t.match(metrics, 'auth_delivery_attempts_total{kind="webhook",outcome="failed"} 10')
  t.match(metrics, 'auth_delivery_attempts_total{kind="webhook",outcome="dead"} 1')
  t.match(metrics, 'auth_delivery_attempts_total{kind="webhook",outcome="delivered"} 2')
  t.match(metrics, 'auth_delivery_attempt_duration_seconds_count{kind="webhook"} 13')
})

t.test('an endpoint that fails for days is disabled; enabled, it gets what waits', async (t) => {
  const disabled: unknown[] = []
  const onDisabled = (...of: unknown[]) => disabled.push(of)
  const { receiver, id, operations, audit, clock, happens, deliver } = await oneEndpoint(t, {
    onDisabled
  })
  receiver.respond = status(500)
  await happens('ada')
  await deliver()
  await happens('eve')
  t.match(await operations.list(), [{ state: 'enabled', failingSinceMs: clock() }])
  clock.advance(5 * 24 * HOUR_MS)
  await deliver()
  t.match(await operations.list(), [{ state: 'failed' }])
  t.strictSame(disabled, [[id, 'failed']])
  const [event] = await audit.read({ kind: 'webhook-disabled', limit: 1 })
  t.match(event, { subject: id, source: { address: 'schedule' }, detail: { state: 'failed' } })
  await happens('mallory')
  clock.advance(24 * HOUR_MS)
  await deliver()
  t.equal(receiver.received.length, 2, 'nothing is sent to it')

  receiver.respond = ok
  t.ok(await operations.enable(id, SOURCE))
  await deliver()
  t.equal(receiver.received.length, 4, 'what happened while it was disabled is not sent')
  t.match(await operations.list(), [{ state: 'enabled', failingSinceMs: null }])
})

t.test('an endpoint that answers 410 is disabled at once', async (t) => {
  const { receiver, operations, happens, deliver } = await oneEndpoint(t)
  receiver.respond = status(410)
  await happens('ada')
  await deliver()
  t.match(await operations.list(), [{ state: 'gone' }])
})
