import { mkdirSync, readdirSync, renameSync, rmdirSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { keySetVersion } from '@gatehouse/access-token/key-set-version'
import { testClock } from '@gatehouse/fixtures/clock'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import t, { type Test } from 'tap'
import { keySetUrl } from '../../src/issuers/discover-keys.ts'
import { KeyNotAsked } from '../../src/keys/find-key.ts'
import { openSigningKeys } from '../../src/keys/signing-keys.ts'
import type { SigningKeysOptions } from '../../src/keys/signing-keys-options.ts'
import { issuerEntry } from '../fixtures/external-issuer.ts'
import { issuer, newKey } from '../fixtures/issuer.ts'

const TRUST_SECONDS = 3600

async function held(t: Test, folder = dataFolder(t)) {
  const key = newKey()
  const issuing = await issuer(t, [key])
  const clock = testClock()
  const faults: string[] = []
  const open = async (trustSeconds?: number, more: Partial<SigningKeysOptions> = {}) => {
    const keys = await openSigningKeys({
      ...more,
      ...(trustSeconds === undefined ? {} : { trustSeconds }),
      url: more.url ?? issuing.url,
      form: more.form ?? 'own',
      file: more.file ?? join(folder, 'jwks.json'),
      clock,
      onFault: (reason) => faults.push(reason)
    })
    t.teardown(() => keys.close())
    return keys
  }
  return { key, issuing, clock, faults, open, folder }
}

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
  await t.rejects(found, KeyNotAsked, 'a good one is not known to be unknown')
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
  await t.rejects(keys.find('another', 'ES256'), KeyNotAsked, 'which a newer one may have')

  issuing.ageSeconds = 59
  t.equal(await keys.refresh(), true, 'a newer set may have fewer keys')
  t.equal(await keys.find(next.kid, 'ES256'), null)
  t.equal(keys.ageSeconds(), 59)
  issuing.ageSeconds = 600
  t.equal(await keys.refresh(), true, 'the same set is no other one, however old it is')
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
  t.equal(faults.length, 1, 'the outage is told of once')
  issuing.answer = answers.garbage ?? null
  const discovered = await open(undefined, {
    url: keySetUrl(issuerEntry({ discoveryUrl: issuing.url })),
    file: join(dataFolder(t), 'jwks.json')
  })
  t.notOk(discovered.loaded)
  t.strictSame(faults.slice(1), ['SyntaxError'], 'and nothing of the answer is in the log')
  issuing.answer = null
  t.equal(await keys.refresh(), true)
})

t.test('a gateway starts with the stored set while the issuer is unreachable', async (t) => {
  const { key, issuing, open, folder } = await held(t)
  await open()
  issuing.answer = (_, response) => response.writeHead(503).end()

  const restarted = await open()
  t.ok(restarted.loaded)
  t.ok(await restarted.find(key.kid, 'ES256'))

  writeFileSync(join(folder, 'jwks.json'), '{"keys":[{"half":')
  const spoilt = await open()
  t.notOk(spoilt.loaded, 'half a file is no set')
})

t.test('a set that was stored for too long is not trusted until it is fetched', async (t) => {
  const { key, issuing, clock, open } = await held(t)
  await open(TRUST_SECONDS)
  issuing.answer = (_, response) => response.writeHead(503).end()

  clock.advance(TRUST_SECONDS * 1000)
  const intime = await open(TRUST_SECONDS)
  t.ok(await intime.find(key.kid, 'ES256'), 'the log still tells what was revoked meanwhile')
  clock.advance(1)
  for (const keys of [intime, await open(TRUST_SECONDS)]) {
    keys.noteHeartbeat(0)
    t.strictSame([keys.loaded, keys.kids, keys.version], [false, [], ''], 'the log has forgotten')
    await t.rejects(keys.find(key.kid, 'ES256'), KeyNotAsked)
  }
  t.ok((await open()).loaded, 'an issuer without a log is not to be heard of')

  issuing.answer = null
  t.ok(await intime.refresh())
  t.ok(await intime.find(key.kid, 'ES256'), 'what the issuer says now counts')
})

t.test('a gateway that reads heartbeats trusts its set without the issuer', async (t) => {
  const { key, issuing, clock, open } = await held(t)
  const keys = await open(TRUST_SECONDS)
  issuing.answer = (_, response) => response.writeHead(503).end()
  for (let hour = 0; hour < 3; hour += 1) {
    clock.advance(TRUST_SECONDS * 1000)
    keys.noteHeartbeat(0)
    t.ok(await keys.find(key.kid, 'ES256'))
  }
})

t.test('a set that cannot be stored on disk is used, and stored later', async (t) => {
  const { key, issuing, open, folder, faults } = await held(t)
  const keys = await open()
  const next = newKey()
  // Where the file is to be renamed to there is a folder, so that it cannot be.
  mkdirSync(join(folder, 'away'))
  renameSync(join(folder, 'jwks.json'), join(folder, 'away', 'jwks.json'))
  mkdirSync(join(folder, 'jwks.json'))

  issuing.keys = [next]
  t.equal(await keys.refresh(), true)
  t.equal(await keys.find(key.kid, 'ES256'), null, 'a withdrawn key is out of force')
  t.match(await keys.find(next.kid, 'ES256'), { kid: next.kid })
  t.match(faults, [/could not be stored/], 'and the operator is told')

  rmdirSync(join(folder, 'jwks.json'))
  await keys.refresh()
  issuing.answer = (_, response) => response.writeHead(503).end()
  const restarted = await open()
  t.ok(await restarted.find(next.kid, 'ES256'))
  t.strictSame(readdirSync(folder).sort(), ['away', 'jwks.json'], 'nothing half is left behind')
})

t.test('without an issuer and without a file there is no set, until there is', async (t) => {
  const { key, issuing, clock, open, faults } = await held(t)
  issuing.answer = (_, response) => response.writeHead(503).end()
  const keys = await open()
  t.strictSame([keys.loaded, keys.version, faults.length], [false, '', 1])
  await t.rejects(keys.find(key.kid, 'ES256'), KeyNotAsked)

  issuing.answer = null
  clock.advance(5000)
  t.ok(await keys.find(key.kid, 'ES256'), 'whoever asks next brings it')
  t.ok(keys.loaded)
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
      t.rejects(keys.find(`unknown ${n}`, 'ES256'), KeyNotAsked)
    )
    await Promise.all(asked)
    t.equal(issuing.fetches, fetches, `${title}: nobody asks`)
    clock.advance(1)
    await t.rejects(keys.find('unknown', 'ES256'), KeyNotAsked)
    t.equal(issuing.fetches, fetches + 1, `${title}: until it is over`)
  }
})

t.test('a slow fetch continues in the background, and is not an outage', async (t) => {
  const { key, issuing, clock, open, faults } = await held(t)
  const waiting: (() => void)[] = []
  /** The request may still be on its way. */
  const answerAll = async () => {
    while (waiting.length === 0) await turn()
    for (const answer of waiting.splice(0)) answer()
  }

  issuing.answer = (_, response) =>
    waiting.push(() => response.end(JSON.stringify({ keys: issuing.keys.map(({ jwk }) => jwk) })))
  const keys = await open(undefined, { patienceMs: 1, downloadMs: 60_000 })
  t.notOk(keys.loaded, 'the start did not wait for it')
  await t.rejects(keys.find(key.kid, 'ES256'), KeyNotAsked, 'nor is it unknown: it may still come')
  await answerAll()
  t.ok(await keys.refresh(), 'the fetch that was under way')
  t.ok(await keys.find(key.kid, 'ES256'))
  t.strictSame([issuing.fetches, faults], [1, []], 'one fetch, and no fault')

  clock.advance(5000)
  for (const title of ['the same with a set that is held', 'and with the fetch of a minute']) {
    await t.rejects(keys.find('next', 'ES256'), KeyNotAsked, title)
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

t.test('a withdrawn key is never found again, even after a start without the issuer', async (t) => {
  const { key, issuing, clock, open } = await held(t)
  const next = newKey()
  issuing.keys.push(next)
  const keys = await open()
  const { version } = keys
  keys.withdraw(key.kid)
  t.not(keys.version, version, 'tokens that were remembered under the old set are not any more')
  t.equal(await keys.find(key.kid, 'ES256'), null)
  t.ok(await keys.find(next.kid, 'ES256'))

  clock.advance(5000)
  t.ok(await keys.refresh(), 'the issuer still publishes it')
  t.equal(await keys.find(key.kid, 'ES256'), null)
  t.strictSame(keys.kids, [next.kid])

  issuing.answer = (_, response) => response.writeHead(500).end()
  const again = await open()
  t.strictSame(again.kids, [next.kid], 'what was kept is without it')
  again.withdraw(next.kid)
  t.strictSame([again.kids, again.loaded], [[], false], 'the last one, too')
  t.equal(await again.find(next.kid, 'ES256'), null, 'a key that is withdrawn is none')
  await t.rejects(again.find('another', 'ES256'), KeyNotAsked, 'others could not be asked for')
})

t.test('an announced key set is fetched at once, and again until it is there', async (t) => {
  const { key, issuing, open } = await held(t)
  const keys = await open()
  const next = newKey()
  const version = keySetVersion([key.kid, next.kid])
  t.not(keys.issuerVersion, version)
  // The first that are asked have not heard of it themselves.
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
  t.equal(asked, 3, 'who has it asks for nothing')

  const first = keys.catchUp('never')
  await keys.catchUp(version)
  await t.resolves(first, 'a later word puts an end to waiting for an earlier one')
})
