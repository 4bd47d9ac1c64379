import { eventually } from '@gatehouse/fixtures/client'
import { Webhook } from 'standardwebhooks'
import t from 'tap'
import { authService, email, password, signedIn } from '../fixtures/auth-service.ts'
import { databaseKinds } from '../fixtures/database/databases.ts'
import { oneEndpoint } from '../fixtures/webhooks/webhook-endpoint.ts'
import {
  clockOfNow,
  SOURCE,
  webhookInstance,
  webhooksOf
} from '../fixtures/webhooks/webhook-instance.ts'
import {
  ok,
  type Received,
  status,
  webhookReceiver
} from '../fixtures/webhooks/webhook-receiver.ts'

/** Whether the library of a receiver finds a valid signature of this secret. */
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
