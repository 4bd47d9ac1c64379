import { once } from 'node:events'
import { eventually } from '@gatehouse/fixtures/client'
import t from 'tap'
import { answering, embedded, failure, lettersOn, request } from './fixtures/queued-letters.ts'

const HOUR_MS = 3_600_000

const operator = { address: 'ops', requestId: 'an-operator' }

t.test('a letter that fails is sent again as the same letter, later each time', async (t) => {
  const transport = answering(failure('deferred'), failure('deferred'))
  const { clock, mail, deliverer } = lettersOn(t, await embedded(t), { transport })
  await mail.request(request('ada@example.com'), clock())
  await mail.request(request('ben@example.com'), clock())
  await deliverer.idle()
  t.equal(transport.tried.length, 2)
  clock.advance(4999)
  await deliverer.idle()
  t.equal(transport.tried.length, 2, 'not before its time')
  clock.advance(1)
  await deliverer.idle()
  t.equal(transport.tried.length, 4)
  const [first, second, ...repeated] = transport.tried
  t.strictSame(new Set(repeated), new Set([first, second]), 'the same id, token and text')
})

t.test('a server that does not work gets one attempt at a time, with longer pauses', async (t) => {
  const lost = () => failure('connection-lost')
  const taken = { outcome: 'delivered', status: 250 } as const
  const transport = answering(taken, ...Array.from({ length: 8 }, lost))
  const { clock, mail, deliverer, rows } = lettersOn(t, await embedded(t), { transport })
  // A domain that has recently accepted an e-mail may use all places.
  await mail.request(request('first@example.com'), clock())
  await deliverer.idle()
  transport.tried.length = 0
  for (let one = 0; one < 20; one += 1) {
    await mail.request(request(`user${one}@example.com`), clock())
  }
  await deliverer.idle()
  t.equal(transport.tried.length, 4, 'as many as there are places')
  for (const [attempts, pauseMs] of [1000, 2000, 4000, 8000].entries()) {
    clock.advance(pauseMs - 1)
    await deliverer.idle()
    t.equal(transport.tried.length, 4 + attempts, 'paused')
    clock.advance(1)
    await deliverer.idle()
    t.equal(transport.tried.length, 5 + attempts, 'one attempt')
  }
  clock.advance(HOUR_MS)
  await deliverer.idle()
  t.ok(
    (await rows()).every(({ state }) => state === 'delivered'),
    'nothing is lost'
  )
})

t.test(
  'a letter that is refused for good waits for an operator, who retries or discards it',
  async (t) => {
    const transport = answering(failure('refused', true), failure('refused', true))
    const db = await embedded(t)
    const { clock, mail, deliverer, rows } = lettersOn(t, db, { transport })
    await mail.request(request('ada@example.com'), clock())
    await mail.request(request('ben@example.com'), clock())
    await deliverer.idle()
    const dead = await mail.list({ state: 'dead', limit: 10 })
    t.match(dead, [{ fault: 'refused' }, { fault: 'refused' }])
    t.notMatch(JSON.stringify(dead), /@|token/, 'operators see no address')
    const [ben, ada] = dead.map(({ id }) => id)
    t.equal(await mail.retry(ada ?? '', operator), true)
    t.equal(await mail.retry(ada ?? '', operator), false, 'it is pending')
    t.equal(await mail.discard(ben ?? '', operator), true)
    t.equal(await mail.discard(ben ?? '', operator), false)
    await deliverer.idle()
    t.strictSame(
      (await rows()).map(({ state, payload }) => [state, payload]),
      [
        ['delivered', ''],
        ['discarded', '']
      ]
    )
    const events = await db.selectFrom('audit_events').select(['kind', 'address']).execute()
    t.strictSame(
      events.map(({ kind, address }) => [kind, address]),
      [
        ['mail-retried', 'ops'],
        ['mail-discarded', 'ops']
      ]
    )
    t.equal(await mail.retryAll(operator), 0)
  }
)

t.test(
  'a letter whose process stopped before it noted the result is sent twice, with one id',
  async (t) => {
    const db = await embedded(t)
    const first = answering()
    const stopped = lettersOn(t, db, {
      transport: {
        async send(letter, stopping) {
          await first.send(letter)
          await once(stopping, 'abort')
          return { outcome: 'stopped' }
        }
      }
    })
    await stopped.mail.request(request('ada@example.com'), stopped.clock())
    await stopped.deliverer.run()
    await eventually(
      async () => first.tried.length,
      (count) => count === 1
    )
    const second = answering()
    const other = lettersOn(t, db, { transport: second })
    other.clock.advance(89_999)
    await other.deliverer.idle()
    t.equal(second.tried.length, 0, 'the claim of the first process holds')
    other.clock.advance(1)
    // The keys are the same, so it can decrypt the e-mail.
    await other.deliverer.idle()
    t.strictSame(second.tried, first.tried)
  }
)

t.test(
  'a letter that cannot be written is dead after its attempts, and holds up no other',
  async (t) => {
    const faults: string[] = []
    const { mail, deliverer, clock } = lettersOn(t, await embedded(t), {
      transport: {
        async send({ to }) {
          if (to === 'ben@example.com') return { outcome: 'delivered', status: 250 }
          throw new Error('the disk is full')
        }
      },
      onFault: (error, failed) => faults.push(`${failed}: ${error}`)
    })
    await mail.request(request('ada@example.com'), clock())
    await deliverer.idle()
    await mail.request(request('ben@example.com'), clock())
    await deliverer.idle()
    const states = async () => (await mail.list({ limit: 2 })).map(({ state }) => state)
    t.strictSame(await states(), ['delivered', 'pending'])
    for (let round = 0; round < 10; round += 1) {
      clock.advance(15_000_000)
      await deliverer.idle()
    }
    t.match(await mail.list({ state: 'dead', limit: 2 }), [{ fault: 'internal', attempts: 8 }])
    t.strictSame(new Set(faults), new Set(['send: Error: the disk is full']))
    t.equal(faults.length, 8)
  }
)
