import { eventually } from '@gatehouse/fixtures/client'
import type { Kysely } from 'kysely'
import { Registry } from 'prom-client'
import { Webhook } from 'standardwebhooks'
import t, { type Test } from 'tap'
import type { Tables } from '../../src/database/tables.ts'
import { authService, email, password, signedIn } from '../fixtures/auth-service.ts'
import { databaseKinds } from '../fixtures/databases.ts'
import { clockOfNow, SOURCE, webhookInstance, webhooksOf } from '../fixtures/webhook-instance.ts'
import { gate, ok, type Received, status, webhookReceiver } from '../fixtures/webhook-receiver.ts'

const HOUR_MS = 3_600_000

type More = Parameters<typeof webhookInstance>[2]

/** An instance, and an endpoint that gets all events. */
async function oneEndpoint(t: Test, more: More = {}, db: Kysely<Tables> | null = null) {
  const instance = await webhookInstance(t, db, more)
  const receiver = await webhookReceiver(t)
  const { operations } = instance
  const { webhook, secret } = await operations.add({ url: receiver.url, events: [] }, SOURCE)
  const states = async () => {
    const found = await operations.deliveries({ webhook: webhook.id, limit: 100 })
    return found.map(({ state }) => state)
  }
  return { ...instance, receiver, id: webhook.id, secret, states }
}

/** Whether the library of a receiver finds a signature of this secret. */
function isSignedBy(secret: string, { text, headers, body }: Received): boolean {
  try {
    return JSON.stringify(new Webhook(secret).verify(text, headers)) === JSON.stringify(body)
  } catch {
    return false
  }
}

t.test('an endpoint receives user events, with ids and nothing personal', async (t) => {
  const clock = clockOfNow()
  const auth = await authService(t, { clock })
  const { operations, deliverer } = auth.webhooks
  const receiver = await webhookReceiver(t)
  const { secret } = await operations.add({ url: receiver.url, events: [] }, SOURCE)
  const { user, tokens } = await signedIn(auth)
  await auth.post('/login', { email, password: 'a wrong one' })
  await auth.post('/logout', { refreshToken: tokens.refreshToken })
  await deliverer.idle()

  t.strictSame(receiver.types(), ['user.created', 'session.opened', 'session.ended'])
  const data = { user: user.id, actor: 'client', detail: {} }
  t.match(receiver.received[0]?.body, {
    timestamp: new Date(clock()).toISOString(),
    data: { ...data, kind: 'user-created' }
  })
  const session = tokens.session.id
  t.match(receiver.received[2]?.body.data, { ...data, kind: 'logout', session })
  t.ok(receiver.received.every((one) => isSignedBy(secret, one)))
  const sent = JSON.stringify(receiver.received)
  for (const told of [email, password, 'a wrong one', tokens.refreshToken, tokens.accessToken]) {
    t.notOk(sent.includes(told), 'no address, no password and no token')
  }
})

for (const { name, skip, make } of databaseKinds) {
  t.test(
    `${name}: a failed delivery is repeated until it succeeds, and holds later events of its subject`,
    { skip },
    async (t) => {
      const db = await (await make(t)).open()
      const { receiver, states, clock, happens, deliver } = await oneEndpoint(t, {}, db)
      receiver.respond = status(500)
      await happens('ada')
      await happens('ada', 'user-disabled')
      await deliver()
      t.strictSame(receiver.types(), ['user.created'], 'the second event waits')
      clock.advance(4999)
      await deliver()
      t.equal(receiver.received.length, 1, 'not before its time')
      receiver.respond = ok
      clock.advance(1)
      await deliver()
      t.strictSame(receiver.types(), ['user.created', 'user.created', 'user.disabled'])
      const [first, second] = receiver.received
      t.equal(second?.id, first?.id, 'the same message')
      t.equal(second?.text, first?.text)
      const [before = 0, after = 0] = receiver.received.map(({ headers }) =>
        Number(headers['webhook-timestamp'])
      )
      t.equal(after - before, 5, 'with the time of the attempt')
      t.strictSame(await states(), ['delivered', 'delivered'])
    }
  )

  t.test(
    `${name}: a message arrives again if its instance stops before it notes the delivery`,
    { skip },
    async (t) => {
      const database = await make(t)
      const { operations, receiver, clock, happens, deliver } = await oneEndpoint(
        t,
        {},
        await database.open()
      )
      const killedDatabase = await database.open()
      const faults: unknown[] = []
      const killed = webhooksOf(t, killedDatabase, clock, {
        onFault: (fault) => faults.push(fault)
      })
      await happens('ada')
      receiver.respond = async (response) => {
        await killedDatabase.destroy()
        response.end()
      }
      await killed.deliverer.idle().catch(() => {})
      t.equal(receiver.received.length, 1)
      t.equal(faults.length, 1, 'the result is not noted')
      receiver.respond = ok
      await deliver()
      t.equal(receiver.received.length, 1, 'the attempt may still be in progress')
      clock.advance(90_000)
      await deliver()
      t.equal(receiver.received.length, 2)
      t.equal(receiver.received[1]?.id, receiver.received[0]?.id)
      const [delivery] = await operations.deliveries({ limit: 10 })
      t.match(delivery, { state: 'delivered', attempts: 2 })
    }
  )

  t.test(`${name}: two instances deliver each message once`, { skip }, async (t) => {
    const database = await make(t)
    const { receiver, secret, clock, happens, deliver } = await oneEndpoint(
      t,
      {},
      await database.open()
    )
    const other = webhooksOf(t, await database.open(), clock)
    for (let number = 0; number < 12; number += 1) await happens(`user ${number}`)
    await Promise.all([deliver(), other.deliverer.idle()])
    t.equal(receiver.received.length, 12)
    t.equal(new Set(receiver.received.map(({ id }) => id)).size, 12)
    t.ok(receiver.received.every((message) => isSignedBy(secret, message)))
  })
}

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

t.test('an endpoint that is down is paused as a whole, whatever waits for it', async (t) => {
  const { receiver, states, clock, happens, deliver } = await oneEndpoint(t)
  receiver.respond = status(503)
  for (let number = 0; number < 12; number += 1) await happens(`user ${number}`)
  await deliver()
  t.equal(receiver.received.length, 4, 'the attempts that had begun together')
  clock.advance(60_000)
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
  t.strictSame(await states(), ['delivered', 'dead'], 'others go on')

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

t.test('while a secret is replaced, the old one and the new one sign', async (t) => {
  const { receiver, id, secret, operations, clock, happens, deliver } = await oneEndpoint(t)
  const renewed = (await operations.rotateSecret(id, 60, SOURCE)) ?? ''
  await happens('ada')
  await deliver()
  clock.advance(60_000)
  await happens('eve')
  await deliver()
  const signed = receiver.received.map((one) => [secret, renewed].map((of) => isSignedBy(of, one)))
  t.strictSame(signed, [
    [true, true],
    [false, true]
  ])
})

t.test('an endpoint gets only the events that it subscribed to', async (t) => {
  const { operations, happens, deliver } = await webhookInstance(t)
  const receiver = await webhookReceiver(t)
  await operations.add({ url: receiver.url, events: ['user.deleted'] }, SOURCE)
  await happens('ada')
  await happens('ada', 'user-deleted')
  await happens('ada', 'login-failed')
  await deliver()
  t.strictSame(receiver.types(), ['user.deleted'])
})

t.test('an attempt that is in progress when the process closes does not count', async (t) => {
  const { receiver, operations, deliverer, clock, happens } = await oneEndpoint(t)
  receiver.respond = () => {}
  await happens('ada')
  await deliverer.run()
  await eventually(
    async () => receiver.load.now,
    (now) => now === 1
  )
  await deliverer.close()
  const [delivery] = await operations.deliveries({ limit: 1 })
  t.match(delivery, { state: 'pending', attempts: 0, dueAtMs: clock() })
})
