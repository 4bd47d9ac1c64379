import t from 'tap'
import { goodClaims, headerOf, jwt, newKey } from '../fixtures/issuer.ts'
import { COOLDOWN_MS, verifying } from './fixtures/verifying.ts'

const invalid = { code: 'UNAUTHENTICATED', status: 401 }
const expired = { code: 'TOKEN_EXPIRED', status: 401 }

t.test(
  'a token of a revoked key is stale, but its session continues with another key',
  async (t) => {
    const { verifier, key, keys, token } = await verifying(t)
    const held = token()
    await verifier.verify(held)
    await t.rejects(verifier.verify(token({}, newKey())), { code: 'UNAUTHENTICATED' })
    keys.withdraw(key.kid)
    await t.rejects(verifier.verify(held), { code: 'TOKEN_STALE', status: 401 })
  }
)

t.test('times are checked by our clock, with a tolerance of five seconds', async (t) => {
  const { verifier, clock, token } = await verifying(t)
  const now = clock() / 1000
  const ending = token({ exp: now + 10 })
  await t.resolves(verifier.verify(ending))
  clock.advance(14_999)
  await t.resolves(verifier.verify(ending), 'remembered, and just in time')
  clock.advance(1)
  await t.rejects(verifier.verify(ending), expired, 'remembered, and too late')

  const later = clock() / 1000
  await t.rejects(verifier.verify(token({ exp: later - 5 })), expired, 'never seen, and too late')
  await t.resolves(verifier.verify(token({ exp: later - 4 })))
  for (const name of ['nbf', 'iat']) {
    await t.resolves(verifier.verify(token({ [name]: later + 5 })), name)
    await t.rejects(verifier.verify(token({ [name]: later + 6 })), invalid, `${name} in the future`)
  }
  const tooEarly = token({ nbf: later + 6 })
  await t.rejects(verifier.verify(tooEarly), invalid)
  clock.advance(1000)
  await t.resolves(verifier.verify(tooEarly), 'its time has come')
})

t.test('a malformed token costs neither a signature check nor a fetch', async (t) => {
  const { verifier, key, issuing, clock, checked, token } = await verifying(t)
  clock.advance(COOLDOWN_MS)
  const otherAlgorithm = jwt({ ...headerOf(key), alg: 'RS256' }, goodClaims(clock()), key)
  for (const wrong of ['x', token({ iss: 'evil' }), otherAlgorithm]) {
    await t.rejects(verifier.verify(wrong), invalid)
  }
  t.strictSame([checked.length, issuing.fetches], [0, 1])
})

t.test('without a key set, a request with a token gets 503 and not 401', async (t) => {
  const { verifier, token, issuing, keys } = await verifying(t, { issuerIsUp: false })
  await t.rejects(verifier.verify(token()), {
    code: 'UNAVAILABLE',
    headers: { 'retry-after': '1' }
  })
  await t.rejects(verifier.verify('x'), invalid, 'but garbage is garbage')
  issuing.answer = null
  await keys.refresh()
  await t.resolves(verifier.verify(token()))
})

t.test('a token ends with its key, even if the key had to be fetched', async (t) => {
  const { verifier, key, keys, issuing, clock, token } = await verifying(t)
  const leaked = newKey()
  const stolen = token({}, leaked)
  const before = keys.version
  issuing.keys.push(leaked)
  clock.advance(COOLDOWN_MS)
  await t.resolves(verifier.verify(stolen), 'its key is found')
  await t.resolves(verifier.verify(stolen))

  issuing.keys = [key]
  await keys.refresh()

  t.equal(keys.version, before, 'the set is as it was before the leaked key')
  await t.rejects(verifier.verify(stolen), invalid)
  await t.resolves(verifier.verify(token()), 'others are not concerned')
})
