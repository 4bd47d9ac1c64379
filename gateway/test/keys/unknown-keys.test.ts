import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { IssuerNotAsked } from '../../src/keys/issuer-not-asked.ts'
import { newKey } from '../fixtures/issuer.ts'
import { held } from './fixtures/held-keys.ts'

t.test('an unknown key is fetched once, however many requests need it', async (t) => {
  const { key, issuing, clock, open } = await held(t)
  const keys = await open()
  t.match(await keys.find(key.kid, 'ES256'), { kid: key.kid, algorithms: ['ES256'] })
  t.equal(issuing.fetches, 1, 'a known one costs nothing')

  clock.advance(5000)
  await Promise.all(Array.from({ length: 100 }, (_, n) => keys.find(`unknown ${n}`, 'ES256')))
  t.equal(issuing.fetches, 2, 'a hundred at once share a fetch')
  const next = newKey()
  issuing.keys.push(next)
  t.match(await keys.find(next.kid, 'ES256'), { kid: next.kid }, 'a key that is new since then')
  t.equal(issuing.fetches, 3)
  t.equal(await keys.find('another', 'ES256'), null)
  t.equal(issuing.fetches, 3, 'those that follow cause no new one')

  const later = newKey()
  issuing.keys.push(later)
  clock.advance(5000)
  t.match(await keys.find(later.kid, 'ES256'), { kid: later.kid }, 'a new key is found')
  t.equal(await keys.find('another', 'ES256'), null)
  t.equal(issuing.fetches, 4, 'once a minute, a fetch is early')
})

t.test('a key published in a flood of unknown ones is found by the next fetch', async (t) => {
  const { issuing, open } = await held(t)
  const keys = await open(undefined, { form: 'any', cooldownMs: 100 })
  t.equal(await keys.find('unknown', 'ES256'), null)
  t.equal(issuing.fetches, 2, 'the fetch of a minute that does not wait')

  const next = newKey()
  issuing.keys.push(next)
  const flood = Array.from({ length: 1999 }, (_, n) => keys.find(`unknown ${n}`, 'ES256'))
  let refused = 0
  for (const one of flood) void one.catch(() => (refused += 1))
  const found = keys.find(next.kid, 'ES256')
  await t.rejects(found, IssuerNotAsked, 'a good one is not known to be unknown')
  t.equal(refused, 999, 'a thousand wait, and those beyond are not asked about')
  t.equal(issuing.fetches, 2)
  const settled = await Promise.allSettled(flood)
  t.ok(
    settled.slice(0, 1000).every((one) => one.status === 'fulfilled' && one.value === null),
    'those that waited get an answer'
  )
  t.equal(issuing.fetches, 3, 'those that waited share the next fetch')
  t.ok(await keys.find(next.kid, 'ES256'))

  const last = newKey()
  issuing.keys.push(last)
  const [unknown, waited] = await Promise.all([
    keys.find('unknown', 'ES256'),
    keys.find(last.kid, 'ES256')
  ])
  t.strictSame([unknown, waited?.kid], [null, last.kid])
  t.equal(issuing.fetches, 4)
})

t.test('a client that invents kids leaves others their part of the queue', async (t) => {
  const { issuing, open } = await held(t)
  const keys = await open(undefined, { form: 'any', cooldownMs: 100 })
  t.equal(await keys.find('unknown', 'ES256'), null)
  const next = newKey()
  issuing.keys.push(next)
  const flood = Array.from({ length: 2000 }, (_, n) =>
    keys.find(`unknown ${n}`, 'ES256', () => 'stranger')
  )
  const settled = Promise.allSettled(flood)
  const found = keys.find(next.kid, 'ES256', () => 'honest')
  t.match(await found, { kid: next.kid })
  const refused = (await settled).filter(({ status }) => status === 'rejected')
  t.equal(refused.length, 1900, 'a hundred of the stranger waited')
  t.equal(issuing.fetches, 3)
})

t.test('a fetch that began before a key was published does not make it unknown', async (t) => {
  const { key, issuing, open } = await held(t)
  const keys = await open(undefined, { form: 'any', cooldownMs: 100 })
  const next = newKey()
  let answer = () => {}
  issuing.answer = (_, response) => {
    answer = () => response.end(JSON.stringify({ keys: [key.jwk] }))
  }
  const forged = keys.find('unknown', 'ES256')
  while (issuing.fetches < 2) await turn()
  issuing.keys.push(next)
  const found = keys.find(next.kid, 'ES256')
  issuing.answer = null
  answer()
  t.equal(await forged, null)
  t.match(await found, { kid: next.kid })
})
