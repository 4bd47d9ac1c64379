import t from 'tap'
import { ownProfile } from '../../src/tokens/checks/own-profile.ts'
import { AUDIENCE, newKey } from '../fixtures/issuer.ts'
import { verifying } from './fixtures/verifying.ts'

const invalid = { code: 'UNAUTHENTICATED', status: 401 }
const expired = { code: 'TOKEN_EXPIRED', status: 401 }

t.test('a token is checked once, and then remembered', async (t) => {
  const { verifier, key, checked, token } = await verifying(t)
  const [one, other] = [token(), token({ sub: 'user-2' })]
  t.match(await verifier.verify(one), { kid: key.kid, identity: { subject: 'user-1' } })
  t.equal(await verifier.verify(one), await verifier.verify(one), 'the very same')
  t.match(await verifier.verify(other), { identity: { subject: 'user-2' } })
  t.strictSame(checked, [one, other])
})

t.test('the first use of a token of a session is reported, and no other', async (t) => {
  const { verifier, sightings, token } = await verifying(t)
  const refreshed = token({ sid: 'a', session_generation: 3 })
  for (const _ of [1, 2, 3]) await verifier.verify(refreshed)
  const first = { subject: 'user-1', sid: 'a', generation: 3 }
  t.strictSame(sightings, [first])

  const silent = {
    'a login': { sid: 'b', session_generation: 0 },
    'a session whose generation is not told': { sid: 'b' },
    'a machine client': { sid: undefined, session_generation: 1 }
  }
  for (const claims of Object.values(silent)) await verifier.verify(token(claims))
  const forged = `${token({ sid: 'c', session_generation: 1 }).slice(0, -86)}${'A'.repeat(86)}`
  await t.rejects(verifier.verify(forged), invalid)
  t.strictSame(sightings, [first], Object.keys(silent).join(', '))
})

t.test('a failure is not remembered', async (t) => {
  const { verifier, checked, token } = await verifying(t)
  const forged = `${token().slice(0, -86)}${'A'.repeat(86)}`
  for (const _ of [1, 2, 3]) await t.rejects(verifier.verify(forged), invalid)
  t.equal(checked.length, 3)
})

t.test(
  'remembered tokens stay within their bytes, and forgotten ones are verified again',
  async (t) => {
    const { verifier, checked, token } = await verifying(t, { rememberedBytes: 3000 })
    const tokens = Array.from({ length: 10 }, (_, at) => token({ sub: `user-${at}` }))
    for (const each of tokens) await verifier.verify(each)
    t.equal(checked.length, 10)
    await verifier.verify(tokens.at(-1) ?? '')
    t.equal(checked.length, 10, 'the newest is remembered')
    t.match(await verifier.verify(tokens[0] ?? ''), { identity: { subject: 'user-0' } })
    t.equal(checked.length, 11, 'the oldest is not')
  }
)

t.test('an expired token is forgotten, and is not remembered', async (t) => {
  const { verifier, clock, token } = await verifying(t)
  const ending = token({ exp: clock() / 1000 + 10 })
  await verifier.verify(ending)
  t.equal(verifier.figures().entries, 1)
  clock.advance(15_000)
  for (const _ of [1, 2]) {
    await t.rejects(verifier.verify(ending), expired)
    t.match(verifier.figures(), { entries: 0, bytes: 0 })
  }
})

t.test('another issuer that changes its keys does not empty the memory', async (t) => {
  const other = await verifying(t)
  const profile = ownProfile({ issuer: 'https://other.example', audience: AUDIENCE })
  const { verifier, checked, token } = await verifying(t, { also: [{ profile, keys: other.keys }] })
  const held = token()
  await verifier.verify(held)
  const before = other.keys.version
  other.issuing.keys.push(newKey())
  await other.keys.refresh()
  t.not(other.keys.version, before)
  await verifier.verify(held)
  t.strictSame(checked, [held])
})
