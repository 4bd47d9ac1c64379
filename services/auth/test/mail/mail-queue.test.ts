import { once } from 'node:events'
import { eventually } from '@gatehouse/fixtures/client'
import { testClock } from '@gatehouse/fixtures/clock'
import type { Kysely } from 'kysely'
import t, { type Test } from 'tap'
import type { Tables } from '../../src/database/tables.ts'
import { forgetDiscarded } from '../../src/mail/forget-discarded.ts'
import type { PrepareLetters } from '../../src/mail/mail-channel.ts'
import { MOST_PER_ADDRESS } from '../../src/mail/mail-queue.ts'
import type { OutgoingMail } from '../../src/mail/outgoing-mail.ts'
import type { Attempt } from '../../src/outbox/delivery.ts'
import { databaseKinds } from '../fixtures/databases.ts'
import { mailOf, memoryTransport, tokenOf } from '../fixtures/mail-instance.ts'

const HOUR_MS = 3_600_000
const source = { address: '192.0.2.1', requestId: 'a-request' }
const operator = { address: 'ops', requestId: 'an-operator' }

const request = (email: string) =>
  ({ letter: 'password-reset', email, subject: null, language: 'en', source }) as const

/** Every address is one of an account, except those of strangers. */
const prepare: PrepareLetters = {
  'password-reset': async ({ email }) =>
    email.startsWith('stranger') ? null : { email, emailTyped: null, values: { minutes: '60' } },
  'password-changed': async ({ email }) => ({ email, emailTyped: null, values: {} }),
  'confirm-registration': async () => null,
  'verify-email': async () => null,
  'already-registered': async () => null,
  'change-email': async () => null,
  invitation: async () => null,
  'session-replayed': async () => null,
  'new-device': async () => null,
  'email-changed': async () => null,
  'factor-added': async () => null,
  'factor-removed': async () => null,
  'recovery-codes-replaced': async () => null,
  'recovery-code-used': async () => null
}

type More = Parameters<typeof mailOf>[3]

function lettersOn(t: Test, db: Kysely<Tables>, more: More = {}) {
  const clock = testClock()
  const transport = memoryTransport()
  const { mail, deliverer } = mailOf(t, db, clock, { transport, prepare, ...more })
  const { sent } = transport
  const rows = () => db.selectFrom('deliveries').selectAll().orderBy('position').execute()
  return { clock, mail, deliverer, sent, rows, transport }
}

/** A server that answers as the test says, and takes the letters that follow. */
function answering(...attempts: Attempt[]) {
  const tried: OutgoingMail[] = []
  return {
    tried,
    async send(letter: OutgoingMail): Promise<Attempt> {
      tried.push(letter)
      return attempts.shift() ?? { outcome: 'delivered', status: 250 }
    }
  }
}

const failure = (fault: string, isFinal = false): Attempt => ({
  outcome: 'failed',
  fault,
  status: null,
  retryAfterMs: null,
  isFinal
})

for (const { name, skip, make } of databaseKinds) {
  t.test(
    `${name}: the queue shows neither address nor token, and forgets a letter that was sent`,
    { skip },
    async (t) => {
      const db = await (await make(t)).open()
      const { clock, mail, deliverer, sent, rows } = lettersOn(t, db)
      await mail.request(request('countess-lovelace@example.com'), clock())
      const [queued] = await rows()
      t.match(queued, { kind: 'mail', topic: 'password-reset', state: 'pending' })
      const { payload = '' } = queued ?? {}
      const names = `${queued?.lane} ${queued?.recipient}`
      for (const readable of [payload, Buffer.from(payload, 'base64url').toString(), names]) {
        t.notMatch(readable, /lovelace|example/)
      }
      await deliverer.idle()
      t.equal(tokenOf(sent[0] ?? { link: 'x:' }).length, 43, '256 bits')
      t.match(await rows(), [{ state: 'delivered', payload: '', last_status: 250 }])
    }
  )

  t.test(
    `${name}: an address gets few letters per hour, however many strangers ask at once`,
    { skip },
    async (t) => {
      const db = await (await make(t)).open()
      const { clock, mail, deliverer, sent, rows } = lettersOn(t, db)
      for (const email of ['ada@example.com', 'stranger@example.com']) {
        await Promise.all(Array.from({ length: 12 }, () => mail.request(request(email), clock())))
      }
      t.equal((await rows()).length, 2 * MOST_PER_ADDRESS, 'the same for every address')
      await deliverer.idle()
      t.equal(sent.length, MOST_PER_ADDRESS)
      t.strictSame([...new Set(sent.map(({ to }) => to))], ['ada@example.com'])

      clock.advance(HOUR_MS)
      await mail.request(request('ada@example.com'), clock())
      await deliverer.idle()
      t.equal(sent.length, MOST_PER_ADDRESS + 1, 'an hour later, one more')

      t.equal(await forgetDiscarded(db, clock)(), false)
      t.equal((await rows()).length, 2 * MOST_PER_ADDRESS + 1, 'what counts is kept')
      clock.advance(1)
      await forgetDiscarded(db, clock)()
      const states = new Set((await rows()).map(({ state }) => state))
      t.strictSame([...states], ['delivered'], 'letters without a recipient are deleted')
    }
  )

  t.test(
    `${name}: strangers cannot fill the queue, and letters about accounts still get in`,
    { skip },
    async (t) => {
      const db = await (await make(t)).open()
      const { clock, mail, rows } = lettersOn(t, db, { mostWaiting: 3 })
      for (const one of ['a', 'b', 'c']) {
        await mail.request(request(`${one}@example.com`), clock())
      }
      const refused = mail.request(request('d@example.com'), clock())
      await t.rejects(refused, { code: 'UNAVAILABLE' })
      const notice = { ...request('ada@example.com'), letter: 'password-changed' } as const
      await mail.add(db, { ...notice, values: { time: 'now' } }, clock())
      t.equal((await rows()).length, 4)
      for (let change = 0; change < 12; change += 1) await mail.add(db, notice, clock())
      t.equal((await rows()).length, 3 + MOST_PER_ADDRESS, 'a few of one kind for one address')
    }
  )

  t.test(`${name}: a change that is rolled back sends no letter`, { skip }, async (t) => {
    const db = await (await make(t)).open()
    const { clock, mail, deliverer, sent } = lettersOn(t, db)
    const failing = db.transaction().execute(async (transaction) => {
      await mail.add(transaction, request('ada@example.com'), clock())
      throw new Error('as a change that fails')
    })
    await t.rejects(failing, 'as a change that fails')
    await deliverer.idle()
    t.strictSame(sent, [])
  })
}

const [sqlite] = databaseKinds

/** An embedded database. */
const database = async (t: Test) => {
  if (sqlite === undefined) throw new Error('no database')
  return (await sqlite.make(t)).open()
}

t.test('a letter that fails is sent again as the same letter, later each time', async (t) => {
  const transport = answering(failure('deferred'), failure('deferred'))
  const { clock, mail, deliverer } = lettersOn(t, await database(t), { transport })
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
  const { clock, mail, deliverer, rows } = lettersOn(t, await database(t), { transport })
  // A domain that took a letter lately may have all places.
  await mail.request(request('first@example.com'), clock())
  await deliverer.idle()
  transport.tried.length = 0
  for (let one = 0; one < 20; one += 1) {
    await mail.request(request(`user${one}@example.com`), clock())
  }
  await deliverer.idle()
  t.equal(transport.tried.length, 4, 'as many as there are places')
  for (const [attempts, pauseMs] of [8000, 16_000, 32_000, 60_000].entries()) {
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
    const db = await database(t)
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
    const db = await database(t)
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
    // The keys are the same, so it reads the letter.
    await other.deliverer.idle()
    t.strictSame(second.tried, first.tried)
  }
)

t.test(
  'a letter that cannot be written is dead after its attempts, and holds up no other',
  async (t) => {
    const faults: string[] = []
    const { mail, deliverer, clock } = lettersOn(t, await database(t), {
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

t.test('domains whose servers are slow leave places for others', async (t) => {
  const tried: string[] = []
  const hanging: ((attempt: Attempt) => void)[] = []
  const { mail, deliverer, clock } = lettersOn(t, await database(t), {
    transport: {
      async send({ to }) {
        tried.push(to)
        if (!to.includes('slow')) return { outcome: 'delivered', status: 250 }
        return await new Promise((resolve) => hanging.push(resolve))
      }
    }
  })
  const ask = async (...emails: string[]) => {
    for (const email of emails) await mail.request(request(email), clock())
    await deliverer.run()
  }
  const letters = (count: number) =>
    eventually(
      async () => tried.length,
      (length) => length === count
    )
  await ask('a@slow.example', 'b@slow.example', 'c@slow.example', 'd@slow.example')
  t.equal(await letters(2), 2, 'half of the places')
  await ask('ada@example.com')
  t.equal(await letters(3), 3)
  t.equal(tried.at(-1), 'ada@example.com')

  await ask('e@slow.example.net', 'f@slow.example.net')
  t.equal(await letters(4), 4)
  await ask('ben@example.org', 'ada@example.com')
  t.equal(await letters(5), 5)
  t.equal(tried.at(-1), 'ada@example.com', 'one place is for domains that took a letter')

  for (const end of hanging.splice(0)) {
    end({ outcome: 'failed', fault: 'recipient-timeout', status: null, retryAfterMs: null })
  }
  t.equal(await letters(8), 8)
  await deliverer.run()
  t.ok(tried.includes('ben@example.org'))
  const slow = tried.slice(5).filter((to) => to.includes('slow'))
  t.strictSame(slow.sort(), ['c@slow.example', 'f@slow.example.net'], 'one place each')
  for (const end of hanging) end({ outcome: 'stopped' })
})

t.test('a domain that took a letter lately is found among many slow ones', async (t) => {
  const tried: string[] = []
  const hanging: ((attempt: Attempt) => void)[] = []
  const { mail, deliverer, clock } = lettersOn(t, await database(t), {
    mostDomains: 1,
    transport: {
      async send({ to }) {
        tried.push(to)
        if (!to.includes('slow')) return { outcome: 'delivered', status: 250 }
        return await new Promise((resolve) => hanging.push(resolve))
      }
    }
  })
  for (const to of ['ada@example.com', 'a@slow.example', 'b@slow.example', 'c@slow.example']) {
    await mail.request(request(to), clock())
    await deliverer.run()
    clock.advance(1000)
  }
  await mail.request(request('ada@example.com'), clock())
  await deliverer.run()
  const all = await eventually(
    async () => [...tried].sort(),
    ({ length }) => length === 4
  )
  const ada = 'ada@example.com'
  t.strictSame(all, ['a@slow.example', ada, ada, 'b@slow.example'], 'c waits, and Ada does not')
  for (const end of hanging) end({ outcome: 'stopped' })
})
