import { mkdirSync, readdirSync, renameSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { IssuerNotAsked } from '../../../src/keys/issuer-not-asked.ts'
import { newKey } from '../../fixtures/issuer.ts'
import { held } from '../fixtures/held-keys.ts'

const TRUST_SECONDS = 3600

t.test('a gateway starts with the stored set while the issuer is unreachable', async (t) => {
  const { key, issuing, open, folder, faults } = await held(t)
  await open()
  t.strictSame(faults, [], 'a first start has no file')
  issuing.answer = (_, response) => response.writeHead(503).end()

  const restarted = await open()
  t.ok(restarted.loaded)
  t.ok(await restarted.find(key.kid, 'ES256'))

  writeFileSync(join(folder, 'jwks.json'), '{"keys":[{"half":')
  const spoilt = await open()
  t.notOk(spoilt.loaded, 'half a file is not read as a set')
  t.match(faults, [/./, 'the stored key set could not be read: SyntaxError'])
})

t.test('a set that was stored for too long is not trusted until it is fetched', async (t) => {
  const { key, issuing, clock, open } = await held(t)
  await open(TRUST_SECONDS)
  issuing.answer = (_, response) => response.writeHead(503).end()

  clock.advance(TRUST_SECONDS * 1000)
  const intime = await open(TRUST_SECONDS)
  t.ok(await intime.find(key.kid, 'ES256'), 'the log still contains the revocations since then')
  clock.advance(1)
  for (const keys of [intime, await open(TRUST_SECONDS)]) {
    keys.noteHeartbeat(0)
    t.strictSame([keys.loaded, keys.kids, keys.version], [false, [], ''], 'the log has forgotten')
    await t.rejects(keys.find(key.kid, 'ES256'), IssuerNotAsked)
  }
  t.ok((await open()).loaded, 'an issuer without a log is not to be heard of')

  issuing.answer = null
  t.ok(await intime.refresh())
  t.ok(await intime.find(key.kid, 'ES256'), 'the current set of the issuer counts')
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
  // A folder in the place of the file, so that the new file cannot be renamed to it.
  mkdirSync(join(folder, 'away'))
  renameSync(join(folder, 'jwks.json'), join(folder, 'away', 'jwks.json'))
  mkdirSync(join(folder, 'jwks.json'))

  issuing.keys = [next]
  t.equal(await keys.refresh(), true)
  t.equal(await keys.find(key.kid, 'ES256'), null, 'a withdrawn key is out of force')
  t.match(await keys.find(next.kid, 'ES256'), { kid: next.kid })
  t.match(faults, [/could not be stored/], 'the log says so')

  rmdirSync(join(folder, 'jwks.json'))
  await keys.refresh()
  issuing.answer = (_, response) => response.writeHead(503).end()
  const restarted = await open()
  t.ok(await restarted.find(next.kid, 'ES256'))
  t.strictSame(readdirSync(folder).sort(), ['away', 'jwks.json'], 'no partial file is left behind')
})

t.test('a gateway without issuer and file has no key set until the issuer answers', async (t) => {
  const { key, issuing, clock, open, faults } = await held(t)
  issuing.answer = (_, response) => response.writeHead(503).end()
  const keys = await open()
  t.strictSame([keys.loaded, keys.version, faults.length], [false, '', 1])
  await t.rejects(keys.find(key.kid, 'ES256'), IssuerNotAsked)

  issuing.answer = null
  clock.advance(5000)
  t.ok(await keys.find(key.kid, 'ES256'), 'the next request fetches the set')
  t.ok(keys.loaded)
})

t.test('a withdrawn key is never found again, even after a start without the issuer', async (t) => {
  const { key, issuing, clock, open } = await held(t)
  const next = newKey()
  issuing.keys.push(next)
  const keys = await open()
  const { version } = keys
  keys.withdraw(key.kid)
  t.not(keys.version, version, 'tokens that were remembered under the old set are no longer valid')
  t.equal(await keys.find(key.kid, 'ES256'), null)
  t.ok(await keys.find(next.kid, 'ES256'))

  clock.advance(5000)
  t.ok(await keys.refresh(), 'the issuer still publishes it')
  t.equal(await keys.find(key.kid, 'ES256'), null)
  t.strictSame(keys.kids, [next.kid])

  issuing.answer = (_, response) => response.writeHead(500).end()
  const again = await open()
  t.strictSame(again.kids, [next.kid], 'the stored set does not contain it')
  again.withdraw(next.kid)
  t.strictSame([again.kids, again.loaded], [[], false], 'the last one, too')
  t.equal(await again.find(next.kid, 'ES256'), null, 'a withdrawn key is not found')
  await t.rejects(again.find('another', 'ES256'), IssuerNotAsked, 'others could not be asked for')
})
