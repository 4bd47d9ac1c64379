import { keySetVersion } from '@gatehouse/access-token/key-set-version'
import type { Announcement } from '@gatehouse/fleet/fleet'
import { type ProblemCode, problems } from '@gatehouse/problem/codes'
import type { LightMyRequestResponse } from 'fastify'
import t, { type Test } from 'tap'
import { generateSigningKey } from '../../../../src/keys/signing-key.ts'
import { announcement } from '../../../fixtures/announcement.ts'
import { LIFETIME_SECONDS } from '../../../fixtures/auth-config.ts'
import { audited, authService, OPS_TOKEN, signedIn } from '../../../fixtures/auth-service.ts'
import { otherRevocations } from '../../../fixtures/families/stores.ts'

type Key = { kid: string; algorithm: string; state: string; withdrawAt: string | null }

async function operating(t: Test) {
  const auth = await authService(t)
  const headers = { authorization: `Bearer ${OPS_TOKEN}` }
  const call = (method: 'GET' | 'POST', url: string, payload?: object) =>
    auth.ops.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
  const states = async () => {
    const { keys } = (await call('GET', '/ops/keys')).json() as { keys: Key[] }
    return Object.fromEntries(keys.map(({ kid, state }) => [kid, state]))
  }
  return { auth, call, states, first: auth.signingKeys[0]?.kid ?? '' }
}

const announced = (name: string, kids: string[]): Announcement =>
  announcement(`id-of-${name}`, {
    name,
    keySetVersion: 'v1',
    kids,
    revocationCursor: '7-0',
    revocationLagSeconds: 0.5
  })

function isRefused(t: Test, answer: LightMyRequestResponse, code: ProblemCode) {
  t.match(answer.json(), { code, status: answer.statusCode, detail: /./ })
  t.ok((problems[code].statuses as readonly number[]).includes(answer.statusCode))
}

const kidOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid

t.test('after a rotation, the next token is signed with the new key', async (t) => {
  const { auth, call, states, first } = await operating(t)
  const { tokens } = await signedIn(auth)
  t.equal(kidOf(tokens.accessToken), first)

  const answer = await call('POST', '/ops/keys/rotate', { algorithm: 'EdDSA' })

  t.equal(answer.statusCode, 200)
  const [old, made] = answer.json().keys as Key[]
  const until = new Date(auth.clock() + (LIFETIME_SECONDS + 60) * 1000).toISOString()
  t.match(old, { kid: first, state: 'retiring', withdrawAt: until })
  t.match(made, { algorithm: 'EdDSA', state: 'active' })
  t.strictSame(Object.keys(made ?? {}).sort(), [
    'activatedAt',
    'algorithm',
    'createdAt',
    'endedAt',
    'kid',
    'retiringAt',
    'state',
    'withdrawAt'
  ])
  const refreshed = await auth.post('/refresh-token', { refreshToken: tokens.refreshToken })
  t.equal(kidOf(refreshed.json().accessToken), made?.kid)
  const { keys } = (await auth.get('/.well-known/jwks.json')).json()
  t.equal(keys.length, 2, 'both verify')
  isRefused(t, await call('POST', `/ops/keys/${first}/retire`), 'CONFLICT')
  auth.clock.advance((LIFETIME_SECONDS + 60) * 1000)
  t.match((await call('POST', `/ops/keys/${first}/retire`)).json(), { key: { state: 'retired' } })
  t.strictSame(await states(), { [first]: 'retired', [made?.kid ?? '']: 'active' })
})

t.test('an activation names the gateways that are missing, unless it is forced', async (t) => {
  const { auth, call, states, first } = await operating(t)
  const made = (await call('POST', '/ops/keys', {})).json().key as Key
  t.match(made, { algorithm: 'ES256', state: 'standby' })
  // An announcement that outlives the wait, which follows the test's clock.
  await auth.fleet.announce(announced('edge-1', [first]))
  const live = auth.fleet.live
  auth.fleet.live = async () => [
    { ...announced('edge-1', [first]), silentMs: 0 },
    { ...announced('edge-2', [first, made.kid]), silentMs: 0 }
  ]
  const refused = await call('POST', `/ops/keys/${made.kid}/activate`)
  isRefused(t, refused, 'CONFLICT')
  t.match(refused.json().detail, /do not have it yet: edge-1$/)
  t.equal((await states())[first], 'active')

  const forced = await call('POST', `/ops/keys/${made.kid}/activate`, { force: true })

  t.equal(forced.statusCode, 200)
  t.strictSame(await states(), { [first]: 'retiring', [made.kid]: 'active' })
  auth.fleet.live = live
  const events = (await audited(auth)).map(({ kind, subject, address, detail }) => {
    return [kind, subject, address, detail]
  })
  t.strictSame(events, [
    ['key-created', made.kid, 'ops', '{}'],
    ['key-activated', made.kid, 'ops', '{"forced":1,"gatewaysWithout":1}']
  ])
})

t.test(
  'while the list of live gateways cannot be read, only a forced activation succeeds',
  async (t) => {
    const { auth, call, states, first } = await operating(t)
    const { kid } = (await call('POST', '/ops/keys')).json().key as Key
    auth.fleet.live = async () => {
      throw new Error('away')
    }
    isRefused(t, await call('POST', `/ops/keys/${kid}/activate`), 'UNAVAILABLE')
    isRefused(t, await call('GET', '/ops/gateways'), 'UNAVAILABLE')
    t.strictSame(await states(), { [first]: 'active', [kid]: 'standby' })
    const forced = await call('POST', `/ops/keys/${kid}/activate`, { force: true })
    t.equal(forced.statusCode, 200)
  }
)

t.test('a revoked key is in the revocation log, and not in the key set', async (t) => {
  const { auth, call, states, first } = await operating(t)
  const { tokens } = await signedIn(auth)
  const answer = await call('POST', `/ops/keys/${first}/revoke`)
  const [revoked, next] = answer.json().keys as Key[]
  t.match(revoked, { kid: first, state: 'revoked' })
  t.strictSame(await states(), { [first]: 'revoked', [next?.kid ?? '']: 'active' })
  t.match(await otherRevocations(auth.store), [
    { kind: 'key', id: first },
    { kind: 'key-set', id: keySetVersion([next?.kid ?? '']) }
  ])
  const { keys } = (await auth.get('/.well-known/jwks.json')).json() as { keys: Key[] }
  t.strictSame(
    keys.map(({ kid }) => kid),
    [next?.kid]
  )
  const refreshed = await auth.post('/refresh-token', { refreshToken: tokens.refreshToken })
  t.equal(kidOf(refreshed.json().accessToken), next?.kid, 'the session continues')
  t.match((await call('POST', `/ops/keys/${first}/revoke`)).json(), {
    keys: [{ kid: first, state: 'revoked' }]
  })
})

t.test('unknown keys and invalid requests are refused', async (t) => {
  const { call, first } = await operating(t)
  for (const verb of ['activate', 'retire', 'revoke']) {
    isRefused(t, await call('POST', `/ops/keys/nobodys/${verb}`), 'NOT_FOUND')
    isRefused(t, await call('POST', `/ops/keys/a%20b/${verb}`), 'INVALID_REQUEST')
  }
  for (const [url, body] of [
    ['/ops/keys', { algorithm: 'HS256' }],
    ['/ops/keys', { algorithm: 'none' }],
    ['/ops/keys', { kid: 'mine' }],
    ['/ops/keys/rotate', { force: true }],
    [`/ops/keys/${first}/activate`, { force: 'yes' }]
  ] as const) {
    isRefused(t, await call('POST', url, body), 'INVALID_REQUEST')
  }
  isRefused(t, await call('POST', `/ops/keys/${first}/retire`), 'CONFLICT')
})

t.test('no more keys are created than a gateway can report', async (t) => {
  const { auth, call, states } = await operating(t)
  for (let made = 1; made < 60; made++) {
    await auth.signing.store.insert(await generateSigningKey('ES256', 'standby'), auth.clock())
  }
  isRefused(t, await call('POST', '/ops/keys'), 'CONFLICT')
  isRefused(t, await call('POST', '/ops/keys/rotate', { algorithm: 'EdDSA' }), 'CONFLICT')
  t.equal(Object.keys(await states()).length, 60)
})

t.test('no response to operators contains a private key', async (t) => {
  const { auth, call } = await operating(t)
  const secret = auth.signingKeys[0]?.privatePem.split('\n')[1] ?? '?'
  for (const answer of [await call('GET', '/ops/keys'), await call('POST', '/ops/keys')]) {
    t.notMatch(answer.body, secret)
    t.notMatch(answer.body, /private|sealed|"d"/i)
  }
})

t.test('the migrations of the database are listed', async (t) => {
  const { call } = await operating(t)
  const { migrations } = (await call('GET', '/ops/database')).json()
  t.match(migrations[0], { name: '0001-accounts-and-keys', appliedAt: String, known: true })
})

t.test('gateways are listed with their keys and their lag', async (t) => {
  const { auth, call, first } = await operating(t)
  await auth.fleet.announce(announced('edge-2', [first]))
  await auth.fleet.announce(announced('edge-1', []))
  const { gateways } = (await call('GET', '/ops/gateways')).json()
  t.strictSame(gateways, [
    {
      id: 'id-of-edge-1',
      name: 'edge-1',
      keySetVersion: 'v1',
      kids: [],
      revocationCursor: '7-0',
      revocationLagSeconds: 0.5,
      instance: 'id-of-edge-1',
      silentSeconds: 0,
      drained: null,
      failing: null,
      routeFaults: null,
      vitals: null
    },
    {
      id: 'id-of-edge-2',
      name: 'edge-2',
      keySetVersion: 'v1',
      kids: [first],
      revocationCursor: '7-0',
      revocationLagSeconds: 0.5,
      instance: 'id-of-edge-2',
      silentSeconds: 0,
      drained: null,
      failing: null,
      routeFaults: null,
      vitals: null
    }
  ])
})
