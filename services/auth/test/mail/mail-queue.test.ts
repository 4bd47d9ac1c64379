import t from 'tap'
import { forgetDiscarded } from '../../src/mail/queue/forget-discarded.ts'
import { MOST_PER_ADDRESS } from '../../src/mail/queue/mail-queue.ts'
import { databaseKinds } from '../fixtures/database/databases.ts'
import { tokenOf } from '../fixtures/mail/mail-instance.ts'
import { embedded, lettersOn, request } from './fixtures/queued-letters.ts'

const HOUR_MS = 3_600_000

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

  t.test(`${name}: the clients of one site cannot fill the queue`, { skip }, async (t) => {
    const db = await (await make(t)).open()
    const { clock, mail, rows } = lettersOn(t, db, { mostOfSite: 2 })
    const ask = (email: string, address: string) => {
      const asked = request(`${email}@example.com`)
      return mail.request({ ...asked, source: { ...asked.source, address } }, clock())
    }
    await ask('a', '2001:db8:1:1::1')
    await ask('b', '2001:db8:1:2::1')
    await t.rejects(ask('c', '2001:db8:1:ffff::1'), { code: 'UNAVAILABLE' }, 'another /64 of it')
    await ask('d', '2001:db8:2:1::1')
    await ask('e', '192.0.2.1')
    t.equal((await rows()).length, 4, 'others still can')
  })

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

t.test('few requests of strangers use the database at a time', async (t) => {
  const db = await embedded(t)
  const { clock, mail } = lettersOn(t, db)
  let [open, most] = [0, 0]
  const { transaction } = db
  db.transaction = () => {
    const begun = transaction.call(db)
    const execute = begun.execute.bind(begun)
    begun.execute = async (work) => {
      open += 1
      most = Math.max(most, open)
      try {
        return await execute(work)
      } finally {
        open -= 1
      }
    }
    return begun
  }
  const asked = Array.from({ length: 300 }, (_, index) =>
    mail.request(request(`a${index}@example.com`), clock())
  )
  const outcomes = await Promise.allSettled(asked)
  t.equal(most, 4)
  const refused = outcomes.filter(({ status }) => status === 'rejected')
  // Four are under way, and 256 wait.
  t.equal(refused.length, 300 - 4 - 256)
  t.match(refused[0], { reason: { code: 'UNAVAILABLE' } })
})
