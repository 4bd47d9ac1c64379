import { GATEWAY_PROOF_TYPE } from '@gatehouse/edge-headers/gateway-proof'
import { decodeJwt } from 'jose'
import t from 'tap'
import { AUDIENCE } from '../../fixtures/auth-config.ts'
import {
  type AuthUnderTest,
  authService,
  OPS_TOKEN,
  signedIn,
  type Tokens
} from '../../fixtures/auth-service.ts'
import { source } from '../../fixtures/families/family-steps.ts'
import { revokedSids } from '../../fixtures/families/stores.ts'
import { gateway as otherGateway } from '../../fixtures/gateway.ts'
import {
  ACCESS_TOKEN,
  assertionOf,
  exchange,
  JWT,
  serviceThat
} from '../../fixtures/oauth/exchange.ts'
import { operator, postForm } from '../../fixtures/oauth/oauth-client.ts'
import { isOAuthError } from '../../fixtures/oauth/oauth-error.ts'

// Keycloak CVE-2026-9704, ZITADEL CVE-2026-56668, Keycloak issues 51000 and 51004.

/** A user who calls `orders`, which calls `inventory`, which calls `stock`. */
async function services(t: Parameters<typeof authService>[0]) {
  const auth = await authService(t)
  const { user, tokens } = await signedIn(auth)
  const orders = await serviceThat(auth, { receives: ['orders'], calls: ['inventory'] })
  const inventory = await serviceThat(auth, { receives: ['inventory'], calls: ['stock'] })
  const stock = await serviceThat(auth, { receives: ['stock'], calls: [] })
  return { auth, user, tokens, orders, inventory, stock }
}

t.test('a service cannot exchange a token that was not sent to it', async (t) => {
  const { auth, tokens, orders, inventory } = await services(t)
  const { accessToken } = tokens
  const toOthers = {
    'an assertion for another service': {
      subject_token: await assertionOf(auth, accessToken, 'billing')
    },
    'an assertion for the service that it calls': {
      subject_token: await assertionOf(auth, accessToken, 'inventory')
    },
    'an access token of the installation': {
      subject_token: accessToken,
      subject_token_type: ACCESS_TOKEN
    }
  }
  for (const [title, form] of Object.entries(toOthers)) {
    isOAuthError(t, await exchange(auth, orders, form), 400, 'invalid_request', title)
  }
  const assertion = await assertionOf(auth, accessToken, 'orders')
  const own = (await exchange(auth, orders, { subject_token: assertion })).json().access_token
  const itself = { subject_token: own, subject_token_type: ACCESS_TOKEN }
  isOAuthError(t, await exchange(auth, orders, itself), 400, 'invalid_request', 'its own new token')
  const further = await exchange(auth, inventory, { ...itself, audience: 'stock' })
  t.equal(further.statusCode, 200, 'its receiver can')
})

t.test(
  'an assertion with more rights than its user has gets only the rights of the user',
  async (t) => {
    const { auth, tokens } = await services(t)
    const scope = ['orders:read', 'orders:admin']
    const trusting = await serviceThat(auth, { receives: ['orders'], calls: ['inventory'] }, scope)
    const headers = { authorization: `Bearer ${OPS_TOKEN}` }
    const audiences = { receives: ['orders'], calls: ['inventory'], roles: ['user', 'admin'] }
    const url = `/ops/clients/${trusting.id}/audiences`
    t.equal(
      (await auth.ops.inject({ method: 'PUT', url, headers, payload: audiences })).statusCode,
      200
    )
    // A key that publishes itself as one of a gateway signs what it likes.
    const forged = await assertionOf(auth, tokens.accessToken, 'orders', {
      roles: ['user', 'admin'],
      scope: 'orders:read orders:admin',
      email: 'root@example.com'
    })
    const answer = await exchange(auth, trusting, { subject_token: forged })
    t.match(decodeJwt(answer.json().access_token), {
      roles: ['user'],
      scope: 'orders:read',
      email: 'ada@example.com'
    })
    const asking = { subject_token: forged, roles: 'admin' }
    isOAuthError(t, await exchange(auth, trusting, asking), 400, 'invalid_scope')
  }
)

t.test('no text in place of an acceptable subject token is exchanged', async (t) => {
  const { auth, user, tokens, orders } = await services(t)
  const { accessToken, refreshToken } = tokens
  const now = Math.floor(Date.now() / 1000)
  const of = (changes: object, typ?: string) =>
    assertionOf(auth, accessToken, 'orders', { ...changes }, typ)
  const stranger = { ...auth, gateway: await otherGateway(t) }
  const good = await of({})
  const [, payload = ''] = good.split('.')
  const none = Buffer.from('{"alg":"none","typ":"gatehouse-assertion+jwt"}').toString('base64url')
  const texts: Record<string, string> = {
    'a refresh token': refreshToken,
    'an access token, called an assertion': accessToken,
    'an assertion of another gateway': await assertionOf(stranger, accessToken, 'orders'),
    'an assertion without signature': `${none}.${payload}.`,
    'an assertion that has expired': await of({ iat: now - 120, exp: now - 60 }),
    'the proof of a gateway': await of({}, GATEWAY_PROOF_TYPE),
    'an assertion about a token of another issuer': await of({ token: undefined }),
    'an assertion of an access token that has expired': await of({ token_exp: 1 }),
    'actors without what revokes them': await of({ act: { sub: orders.id } }),
    'a session of another user': await of({ sub: orders.id }),
    'a user without a session': await of({ sid: undefined }),
    'a session that never was': await of({ sid: 'never' }),
    'a user who never was': await of({ sub: '00000000-0000-0000-0000-000000000000' }),
    garbage: 'x',
    'a long text': 'x'.repeat(15_000)
  }
  for (const [title, subject_token] of Object.entries(texts)) {
    isOAuthError(t, await exchange(auth, orders, { subject_token }), 400, 'invalid_request', title)
  }
  const called = { subject_token: good, subject_token_type: ACCESS_TOKEN }
  isOAuthError(t, await exchange(auth, orders, called), 400, 'invalid_request', 'an assertion')
  const refresh = { subject_token: refreshToken, subject_token_type: ACCESS_TOKEN }
  const all = await serviceThat(auth, { receives: [AUDIENCE], calls: ['inventory'] })
  isOAuthError(t, await exchange(auth, all, refresh), 400, 'invalid_request', 'a refresh token')
  t.equal((await exchange(auth, orders, { subject_token: good })).statusCode, 200)
  t.equal(decodeJwt(good).sub, user.id, 'and the others differ in one thing')
})

t.test('a service cannot end the session of its user with an exchanged token', async (t) => {
  const { auth, tokens, orders } = await services(t)
  const subject_token = await assertionOf(auth, tokens.accessToken, 'orders')
  const token = (await exchange(auth, orders, { subject_token })).json().access_token
  const revoke = (headers: Record<string, string>) =>
    postForm(auth, '/oauth/revoke', { token }, headers)
  isOAuthError(t, await revoke(orders.authorized), 400, 'unsupported_token_type')
  isOAuthError(t, await revoke({}), 400, 'invalid_grant', 'the public client')
  t.strictSame(await revokedSids(auth.store), [])
})

type World = Awaited<ReturnType<typeof services>>

const byOperator = (auth: AuthUnderTest, method: 'POST' | 'PUT', path: string, payload = {}) =>
  auth.ops.inject({
    method,
    url: `/ops${path}`,
    headers: { authorization: `Bearer ${OPS_TOKEN}` },
    payload
  })

const logOut = ({ auth, tokens }: { auth: AuthUnderTest; tokens: Tokens }) =>
  auth.post('/logout', { refreshToken: tokens.refreshToken })

/** Each ends the user's token, or a service's right to act. */
const ends: Record<string, (world: World) => Promise<unknown>> = {
  'a logout': logOut,
  'a disabled user': ({ auth, user }) => byOperator(auth, 'POST', `/users/${user.id}/disable`),
  'other roles': ({ auth, user }) =>
    byOperator(auth, 'PUT', `/users/${user.id}/roles`, { roles: ['other'] }),
  'a refresh token that is used again': async ({ auth, tokens }) => {
    const { refreshToken } = tokens
    const next = (await auth.post('/refresh-token', { refreshToken })).json()
    await auth.post('/refresh-token', { refreshToken: next.refreshToken })
    await auth.post('/refresh-token', { refreshToken })
  },
  'a refresh that is answered again': async ({ auth, tokens }) => {
    const { refreshToken } = tokens
    await auth.post('/refresh-token', { refreshToken })
    auth.clock.advance(15_000)
    await auth.post('/refresh-token', { refreshToken })
  },
  'the revocation of all tokens': async ({ auth }) => {
    auth.clock.advance(5000)
    await auth.stale.makeAllStale(Math.floor(auth.clock() / 1000), source)
  },
  'the revocation of the key that signed the subject token': async ({ auth }) => {
    const [key] = auth.signingKeys
    await auth.signing.operations.revoke(key?.kid ?? '', source)
    await auth.signing.live.read()
  },
  'the first service disabled': ({ auth, orders }) => operator(auth).disable(orders.id, source),
  'other audiences of the first service': ({ auth, orders }) =>
    operator(auth).setAudiences(orders.id, { receives: [], calls: [] }, source)
}

for (const [title, end] of Object.entries(ends)) {
  t.test(`an exchanged token ends with its origin: ${title}`, async (t) => {
    const world = await services(t)
    const { auth, tokens, orders, inventory, stock } = world
    const subject_token = await assertionOf(auth, tokens.accessToken, 'orders')
    const first = (await exchange(auth, orders, { subject_token })).json().access_token
    const onward = { subject_token: first, subject_token_type: ACCESS_TOKEN, audience: 'stock' }
    const second = (await exchange(auth, inventory, onward)).json().access_token
    const isActive = async (token: string, { authorized }: typeof stock) =>
      (await postForm(auth, '/oauth/introspect', { token }, authorized)).json().active
    t.ok((await isActive(first, inventory)) && (await isActive(second, stock)))

    await end(world)

    t.notOk(await isActive(first, inventory), 'the token for the first')
    t.notOk(await isActive(second, stock), 'the token for the second')
    const again = { ...onward, subject_token: first }
    isOAuthError(t, await exchange(auth, inventory, again), 400, 'invalid_request')
    const asserted = await assertionOf(auth, first, 'inventory')
    const form = { subject_token: asserted, subject_token_type: JWT, audience: 'stock' }
    isOAuthError(t, await exchange(auth, inventory, form), 400, 'invalid_request', 'an assertion')
  })
}
