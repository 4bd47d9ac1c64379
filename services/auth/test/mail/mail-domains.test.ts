import { eventually } from '@gatehouse/fixtures/client'
import t from 'tap'
import type { Attempt } from '../../src/outbox/delivery.ts'
import { embedded, lettersOn, request } from './fixtures/queued-letters.ts'

t.test('domains whose servers are slow leave places for others', async (t) => {
  const tried: string[] = []
  const hanging: ((attempt: Attempt) => void)[] = []
  const { mail, deliverer, clock } = lettersOn(t, await embedded(t), {
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

t.test('a domain that accepted a letter recently is found among many slow ones', async (t) => {
  const tried: string[] = []
  const hanging: ((attempt: Attempt) => void)[] = []
  const { mail, deliverer, clock } = lettersOn(t, await embedded(t), {
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
