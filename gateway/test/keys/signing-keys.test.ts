import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { keySetVersion } from '@gatehouse/access-token/key-set-version'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import t from 'tap'
import { keySetUrl } from '../../src/issuers/discover-keys.ts'
import { IssuerNotAsked } from '../../src/keys/issuer-not-asked.ts'
import { issuerEntry } from '../fixtures/external-issuer.ts'
import { newKey } from '../fixtures/issuer.ts'
import { held } from './fixtures/held-keys.ts'

t.test('an old set of an instance without its database does not replace a newer one', async (t) => {
  const { key, issuing, clock, faults, open } = await held(t)
  const keys = await open()
  const next = newKey()
  issuing.keys = [key, next]
  clock.advance(5000)
  t.match(await keys.find(next.kid, 'ES256'), { kid: next.kid })
  const { version } = keys

  clock.advance(60_000)
  issuing.keys = [key]
  issuing.ageSeconds = 61
  t.equal(await keys.refresh(), false)
  t.equal(keys.version, version)
  t.match(faults, [/older than the one in use/])
  t.equal(keys.ageSeconds(), 60)
  await t.rejects(keys.find('another', 'ES256'), IssuerNotAsked, 'which a newer one may have')

  issuing.ageSeconds = 59
  t.equal(await keys.refresh(), true, 'a newer set may have fewer keys')
  t.equal(await keys.find(next.kid, 'ES256'), null)
  t.equal(keys.ageSeconds(), 59)
  issuing.ageSeconds = 600
  t.equal(await keys.refresh(), true, 'the same set is accepted, however old it is')
  t.equal(keys.ageSeconds(), 59)
})

t.test('a gateway whose clock was ahead takes new sets after it is set right', async (t) => {
  const { key, issuing, clock, open } = await held(t)
  clock.advance(3_600_000)
  const keys = await open()
  clock.advance(-3_600_000)
  const next = newKey()
  issuing.keys = [key, next]
  t.equal(await keys.refresh(), true)
  t.match(await keys.find(next.kid, 'ES256'), { kid: next.kid })
})

t.test('the version of a key set changes only when its keys change', async (t) => {
  const { issuing, open } = await held(t)
  const keys = await open()
  const before = keys.version
  await keys.refresh()
  t.equal(keys.version, before)
  issuing.keys = [newKey()]
  await keys.refresh()
  t.not(keys.version, before)
})

t.test('if the issuer answers anything else, the last good set stays', async (t) => {
  const { key, issuing, open, faults } = await held(t)
  const keys = await open()
  const answers: Record<string, typeof issuing.answer> = {
    'an error': (_, response) => response.writeHead(500).end(),
    garbage: (_, response) => response.end('<html>'),
    nothing: (_, response) => response.end(),
    'an empty set': (_, response) => response.end('{"keys":[]}'),
    'a huge one': (_, response) => response.end(`{"keys":[${'1,'.repeat(200_000)}1]}`),
    'a redirect': (_, response) => response.writeHead(302, { location: issuing.url }).end(),
    'half a document': (_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"keys":')
      setImmediate(() => response.destroy())
    }
  }
  for (const [name, answer] of Object.entries(answers)) {
    issuing.answer = answer
    t.equal(await keys.refresh(), false, name)
    t.ok(await keys.find(key.kid, 'ES256'), `${name}: the key is still there`)
  }
  t.equal(faults.length, 1, 'the outage is reported once')
  issuing.answer = answers.garbage ?? null
  const discovered = await open(undefined, {
    url: keySetUrl(issuerEntry({ discoveryUrl: issuing.url })),
    file: join(dataFolder(t), 'jwks.json')
  })
  t.notOk(discovered.loaded)
  t.strictSame(faults.slice(1), ['the metadata is not JSON'], 'nothing of the answer is in the log')
  issuing.answer = answers['a redirect'] ?? null
  await open(undefined, { file: join(dataFolder(t), 'jwks.json') })
  t.match(faults.slice(2), [/the status 302$/])
  issuing.answer = null
  t.equal(await keys.refresh(), true)
})

t.test('Retry-After of an issuer is obeyed, whatever key is needed', async (t) => {
  const { issuing, clock, open } = await held(t)
  const keys = await open()
  const inSeconds = (seconds: number) => new Date(clock() + seconds * 1000).toUTCString()
  const asks: Record<string, [retryAfter: () => string, seconds: number]> = {
    'a minute': [() => '60', 60],
    'a date': [() => inSeconds(90), 90],
    'a day': [() => '86400', 600]
  }
  for (const [title, [retryAfter, seconds]] of Object.entries(asks)) {
    issuing.answer = (_, response) => response.writeHead(429, { 'retry-after': retryAfter() }).end()
    await keys.refresh()
    const { fetches } = issuing
    clock.advance(seconds * 1000 - 1)
    const asked = Array.from({ length: 20 }, (_, n) =>
      t.rejects(keys.find(`unknown ${n}`, 'ES256'), IssuerNotAsked)
    )
    await Promise.all(asked)
    t.equal(issuing.fetches, fetches, `${title}: no request to the issuer`)
    clock.advance(1)
    await t.rejects(keys.find('unknown', 'ES256'), IssuerNotAsked)
    t.equal(issuing.fetches, fetches + 1, `${title}: until it is over`)
  }
})

t.test('a slow fetch continues in the background, and is not an outage', async (t) => {
  const { key, issuing, clock, open, faults } = await held(t)
  const waiting: (() => void)[] = []
  /** Answers all waiting requests, of which the first may still be on its way. */
  const answerAll = async () => {
    while (waiting.length === 0) await turn()
    for (const answer of waiting.splice(0)) answer()
  }

  issuing.answer = (_, response) =>
    waiting.push(() => response.end(JSON.stringify({ keys: issuing.keys.map(({ jwk }) => jwk) })))
  const keys = await open(undefined, { patienceMs: 1, downloadMs: 60_000 })
  t.notOk(keys.loaded, 'the start did not wait for it')
  await t.rejects(
    keys.find(key.kid, 'ES256'),
    IssuerNotAsked,
    'nor is it unknown: it may still come'
  )
  await answerAll()
  t.ok(await keys.refresh(), 'the fetch that was under way')
  t.ok(await keys.find(key.kid, 'ES256'))
  t.strictSame([issuing.fetches, faults], [1, []], 'one fetch, and no fault')

  clock.advance(5000)
  for (const title of ['the same with a set that is held', 'and with the fetch of a minute']) {
    await t.rejects(keys.find('next', 'ES256'), IssuerNotAsked, title)
    await answerAll()
    t.ok(await keys.refresh())
  }
  t.equal(await keys.find('next', 'ES256'), null, 'until the issuer has answered')
})

t.test('a download that does not end is given up', async (t) => {
  const slow: Record<string, RequestListener> = {
    'no answer': () => {},
    'half an answer': (_, response) => response.writeHead(200).write('{"keys":[')
  }
  const outcomes = Object.entries(slow).map(async ([name, answer]) => {
    const other = await held(t)
    const waiting = await other.open()
    other.issuing.answer = answer
    t.equal(await waiting.refresh(), false, name)
    t.ok(await waiting.find(other.key.kid, 'ES256'), `${name}: the last good set stays`)
  })
  await Promise.all(outcomes)
})

t.test('an announced key set is fetched at once, and again until it is there', async (t) => {
  const { key, issuing, open } = await held(t)
  const keys = await open()
  const next = newKey()
  const version = keySetVersion([key.kid, next.kid])
  t.not(keys.issuerVersion, version)
  // The first two requests reach instances that do not know the new key yet.
  let asked = 0
  issuing.answer = (_, response) => {
    asked += 1
    const all = asked < 3 ? [key] : [next, key]
    response.end(JSON.stringify({ keys: all.map(({ jwk }) => jwk) }))
  }
  const caughtUp = keys.catchUp(version)
  t.match(await keys.find(next.kid, 'ES256'), { kid: next.kid }, 'a request waits for it')
  await caughtUp
  t.equal(asked, 3)
  t.strictSame([...keys.kids].sort(), [key.kid, next.kid].sort())
  t.equal(keys.issuerVersion, version, 'in whatever order they stand')
  await keys.catchUp(version)
  t.equal(asked, 3, 'gateways that have the key send no request')

  const first = keys.catchUp('never')
  await keys.catchUp(version)
  await t.resolves(first, 'a later word puts an end to waiting for an earlier one')
})
