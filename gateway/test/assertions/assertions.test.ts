import { createPrivateKey } from 'node:crypto'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, SignJWT } from 'jose'
import t from 'tap'
import { newAssertionKey } from '../../src/assertions/assertions.ts'
import { ada, countedAssertions, like } from '../fixtures/stamped.ts'

t.test('an assertion says who is calling, for one route, for a minute', async (t) => {
  const { assertions, clock } = countedAssertions()
  const now = clock() / 1000
  const assertion = assertions.about(ada, 'orders')
  t.match(decodeProtectedHeader(assertion), { alg: 'ES256', typ: 'gatehouse-assertion+jwt' })
  t.strictSame(decodeJwt(assertion), {
    iss: 'gatehouse-gateway',
    aud: 'orders',
    sub: 'user-1',
    sid: 'session-1',
    client_id: 'gatehouse',
    scope: 'orders:read orders:write',
    roles: ['user'],
    email: 'ada@example.com',
    token_exp: 1_800_000_300,
    token: { kid: 'one', iat: 1_800_000_000, auth_time: 1_800_000_000, acr: 'aal1' },
    iat: now,
    exp: now + 60
  })
})

t.test('claims that a caller does not have are absent', async (t) => {
  const { assertions } = countedAssertions()
  const machine = like({ session: null, email: null, roles: [], scope: [] })
  const claims = decodeJwt(assertions.about(machine, 'orders'))
  t.match(claims, { scope: '', roles: [] })
  t.notOk('sid' in claims || 'email' in claims)
})

t.test('an assertion of an exchanged token names its actors and what revokes them', async (t) => {
  const { assertions } = countedAssertions()
  const delegation = {
    audience: 'orders',
    actors: [
      { id: 'service-2', rightsVersion: 3 },
      { id: 'service-1', rightsVersion: 0 }
    ],
    keys: ['two', 'three']
  }
  const claims = decodeJwt(assertions.about({ ...ada, rightsVersion: 5, delegation }, 'orders'))
  t.match(claims, {
    act: { sub: 'service-2', act: { sub: 'service-1' } },
    token: { kid: 'one', rights_version: 5, delegation: { keys: ['two', 'three'], rights: [3, 0] } }
  })
  const foreign = { ...ada, kid: null, issuerName: 'other' }
  t.notOk('token' in decodeJwt(assertions.about(foreign, 'orders')), 'cannot be exchanged')
})

t.test(
  'the claims that a route names are in it, and other claims are another assertion',
  async (t) => {
    const { assertions, signed } = countedAssertions()
    const values = { tenant: 'acme' }
    const names = [{ name: 'tenant', header: 'x-auth-claim-tenant', path: 'tenant' }]
    const claims = { route: 'orders', names, values: () => values }
    const first = assertions.about(ada, 'orders', claims)
    t.strictSame(decodeJwt(first).claims, values)
    t.equal(assertions.about(ada, 'orders', { ...claims }), first)
    t.notOk('claims' in decodeJwt(assertions.about(ada, 'orders')), 'the route no longer names any')
    t.equal(signed.length, 2)
  }
)

t.test('an assertion for one audience is never used for another', async (t) => {
  const { assertions, signed } = countedAssertions()
  const claimsOf = (route: string) => {
    const names = [{ name: 'tenant', header: 'x-auth-claim-tenant', path: 'tenant' }]
    return { route, names, values: () => ({ tenant: 'acme' }) }
  }
  const audiencesOf = (audience: string, route?: string) => {
    const claims = route === undefined ? undefined : claimsOf(route)
    return decodeJwt(assertions.about(ada, audience, claims)).aud
  }
  t.equal(audiencesOf('shop'), 'shop')
  t.equal(audiencesOf('billing', 'shop'), 'billing', 'a route with the name of an audience')
  t.equal(audiencesOf('shop'), 'shop')
  const claims = claimsOf('orders')
  t.equal(decodeJwt(assertions.about(ada, 'shop', claims)).aud, 'shop')
  t.equal(
    decodeJwt(assertions.about(ada, 'orders', claims)).aud,
    'orders',
    'a route whose audience changes with the table'
  )
  const others = claimsOf('carts')
  const before = signed.length
  for (let request = 0; request < 5; request += 1) {
    assertions.about(ada, 'shop', others)
    assertions.about(ada, 'orders', claims)
  }
  t.equal(signed.length, before + 1, 'routes with different claims do not displace each other')
})

t.test('the gateway’s proof is not an assertion, and is used for half a minute', async (t) => {
  const { assertions, clock, signed } = countedAssertions()
  const now = clock() / 1000
  const proof = assertions.ofGateway('auth')
  t.match(decodeProtectedHeader(proof), { alg: 'ES256', typ: 'gatehouse-gateway+jwt' })
  t.strictSame(decodeJwt(proof), {
    iss: 'gatehouse-gateway',
    aud: ['gatehouse-credentials', 'auth'],
    iat: now,
    exp: now + 60
  })
  clock.advance(28_999)
  t.equal(assertions.ofGateway('auth'), proof)
  t.strictSame(decodeJwt(assertions.ofGateway('billing')).aud, ['gatehouse-credentials', 'billing'])
  clock.advance(1)
  t.equal(decodeJwt(assertions.ofGateway('auth')).exp, now + 89)
  t.equal(assertions.ofGateway('auth'), assertions.ofGateway('auth'))
  t.equal(signed.length, 3)
})

t.test('a gateway has a key of its own, and publishes half of it', async (t) => {
  const [key, other] = [await newAssertionKey(), await newAssertionKey()]
  t.match(key.publicJwk, { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig', kid: /^[\w-]{43}$/ })
  t.notOk('d' in key.publicJwk, 'the public half')
  t.strictSame(key.header, { alg: 'ES256', kid: key.publicJwk.kid })
  t.not(other.publicJwk.kid, key.publicJwk.kid)

  const signed = await new SignJWT({})
    .setProtectedHeader(key.header)
    .sign(createPrivateKey(key.privatePem))
  await t.resolves(
    jwtVerify(signed, createLocalJWKSet({ keys: [key.publicJwk] })),
    'they go together'
  )
  await t.rejects(jwtVerify(signed, createLocalJWKSet({ keys: [other.publicJwk] })))
})
