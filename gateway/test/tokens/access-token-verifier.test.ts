import { createPublicKey, verify } from 'node:crypto'
import { join } from 'node:path'
import { testClock } from '@gatehouse/fixtures/clock'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import type { Sighting } from '@gatehouse/sightings/sighting'
import t, { type Test } from 'tap'
import { openSigningKeys } from '../../src/keys/signing-keys.ts'
import { accessTokenVerifier } from '../../src/tokens/access-token-verifier.ts'
import { ownProfile } from '../../src/tokens/own-profile.ts'
import { type TrustedIssuer, trustedIssuers } from '../../src/tokens/trusted-issuers.ts'
import {
  AUDIENCE,
  goodClaims,
  headerOf,
  ISSUER,
  type IssuerKey,
  issuer,
  jwt,
  newKey
} from '../fixtures/issuer.ts'

const COOLDOWN_MS = 5000
const invalid = { code: 'UNAUTHENTICATED', status: 401 }
const expired = { code: 'TOKEN_EXPIRED', status: 401 }

type Options = {
  key?: IssuerKey
  rememberedBytes?: number
  issuerIsUp?: boolean
  also?: TrustedIssuer[]
}

/** A verifier with a real issuer, which counts the signatures that it has to check. */
async function verifying(t: Test, options: Options = {}) {
  const { key = newKey(), rememberedBytes = 65_536, issuerIsUp = true, also = [] } = options
  const issuing = await issuer(t, [key])
  if (!issuerIsUp) issuing.answer = (_request, response) => response.writeHead(503).end()
  const clock = testClock()
  const keys = await openSigningKeys({
    url: issuing.url,
    form: 'own',
    file: join(dataFolder(t), 'jwks.json'),
    onFault: () => {},
    clock
  })
  t.teardown(() => keys.close())
  const checked: string[] = []
  const sightings: Sighting[] = []
  const verifier = accessTokenVerifier({
    checkSignature: async (token, { pem }) => {
      checked.push(token)
      const end = token.lastIndexOf('.')
      return verify(
        'sha256',
        Buffer.from(token.slice(0, end)),
        { key: createPublicKey(pem), dsaEncoding: 'ieee-p1363' },
        Buffer.from(token.slice(end + 1), 'base64url')
      )
    },
    clock,
    rememberedBytes,
    noteSighting: (sighting) => sightings.push(sighting),
    noteFlaw: () => {},
    issuers: trustedIssuers([
      { profile: ownProfile({ issuer: ISSUER, audience: AUDIENCE }), keys },
      ...also
    ])
  })
  const token = (claims: object = {}, by = key) =>
    jwt(headerOf(by), { ...goodClaims(clock()), ...claims }, by)
  const verifyOne = async (each: string) => verifier.verify(each)
  const { figures } = verifier
  return {
    verifier: { verify: verifyOne, figures },
    key,
    keys,
    issuing,
    clock,
    checked,
    sightings,
    token
  }
}

t.test('a token of a revoked key is stale: its session goes on with another key', async (t) => {
  const { verifier, key, keys, token } = await verifying(t)
  const held = token()
  await verifier.verify(held)
  await t.rejects(verifier.verify(token({}, newKey())), { code: 'UNAUTHENTICATED' })
  keys.withdraw(key.kid)
  await t.rejects(verifier.verify(held), { code: 'TOKEN_STALE', status: 401 })
})

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

t.test('without a key set, a token is 503 and not 401', async (t) => {
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
