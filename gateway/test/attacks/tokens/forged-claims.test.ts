import t from 'tap'
import { edge } from '../../fixtures/edge.ts'
import { AUDIENCE, goodClaims, headerOf, ISSUER, jwt } from '../../fixtures/issuer.ts'
import { isRefused, isRefusedTwice } from '../fixtures/is-refused.ts'

/** JSON that no serialiser writes, as the value of one member. */
type Raw = { raw: string }

const isRaw = (value: unknown): value is Raw =>
  typeof value === 'object' && value !== null && 'raw' in value

const titleOf = (value: unknown) =>
  isRaw(value) ? value.raw : (JSON.stringify(value) ?? 'missing').slice(0, 60)

const NOW = 1_800_000_000
const times = [
  undefined,
  null,
  '',
  String(NOW + 300),
  true,
  [NOW + 300],
  {},
  NOW + 300.5,
  -1,
  1e308
]
const infinite: Raw = { raw: '1e400' }
const texts = [undefined, null, '', 7, true, ['user-1'], { a: 'user-1' }, 'x'.repeat(256)]

/**
 * All are signed with the issuer's key: claims that some library accepts, or that a bug of the
 * issuer could write.
 */
const forgeries: Record<string, unknown[]> = {
  exp: [...times, infinite, 253402300800],
  nbf: [...times, infinite, NOW + 6, NOW + 3600],
  iat: [...times, infinite, NOW + 6, NOW + 3600],
  iss: [
    undefined,
    null,
    '',
    {},
    1,
    // CVE-2025-30144: fast-jwt accepted a list that contains the right issuer.
    [ISSUER],
    ['https://evil.example', ISSUER],
    `${ISSUER}/`,
    `${ISSUER}.evil.example`,
    ISSUER.slice(0, -1),
    ISSUER.toUpperCase(),
    ` ${ISSUER}`,
    `${ISSUER}\u0000`,
    ISSUER.replace('https', 'http'),
    'https://evil.example'
  ],
  aud: [
    undefined,
    null,
    '',
    [],
    {},
    [null],
    [[AUDIENCE]],
    'another',
    ['another', 'others'],
    AUDIENCE.slice(0, -1),
    AUDIENCE.slice(1),
    `${AUDIENCE}2`,
    AUDIENCE.toUpperCase(),
    `${AUDIENCE} another`,
    Array(17).fill(AUDIENCE),
    [AUDIENCE, 1],
    { 0: AUDIENCE }
  ],
  sub: texts,
  jti: texts,
  client_id: texts,
  sid: texts.filter((value) => value !== undefined),
  scope: [undefined, null, 7, ['orders:read'], {}],
  roles: [undefined, null, 'admin', [1], [''], [['admin']], { 0: 'admin' }],
  email: [null, '', 7, ['ada@example.com'], {}],
  auth_time: ['now', -1, null],
  amr: ['pwd', [1], null]
}

for (const [name, values] of Object.entries(forgeries)) {
  t.test(`a token with a forged ${name} is refused, even with a valid signature`, async (t) => {
    const gateway = await edge(t)
    const { key, clock } = gateway
    for (const value of values) {
      const claims = JSON.stringify({ ...goodClaims(clock()), [name]: isRaw(value) ? 0 : value })
      const text = isRaw(value) ? claims.replace(`"${name}":0`, `"${name}":${value.raw}`) : claims
      await isRefusedTwice(t, gateway, jwt(headerOf(key), text, key), titleOf(value))
    }
  })
}

t.test(
  'one of several audiences must be ours, and clocks may differ by five seconds',
  async (t) => {
    const gateway = await edge(t)
    const now = gateway.clock() / 1000
    t.equal(now, NOW)
    for (const claims of [
      { aud: ['another', AUDIENCE, 'others'] },
      { aud: [AUDIENCE] },
      { nbf: now + 5, iat: now + 5 },
      { exp: now - 4 },
      { admin: true, nested: { is: 'ignored' } }
    ]) {
      const authorization = `Bearer ${gateway.token(claims)}`
      const answer = await gateway.call('/closed', { headers: { authorization } })
      t.equal(answer.status, 200, JSON.stringify(claims))
    }
  }
)

t.test('an expired but otherwise valid token gets TOKEN_EXPIRED', async (t) => {
  const gateway = await edge(t)
  const now = gateway.clock() / 1000
  for (const exp of [now - 5, now - 3600, 0]) {
    const token = gateway.token({ exp })
    await isRefused(t, gateway, token, `exp ${exp}`, 'TOKEN_EXPIRED')
    await isRefused(t, gateway, token, `exp ${exp}, again`, 'TOKEN_EXPIRED')
  }
  await isRefused(t, gateway, gateway.token({ exp: 0, iss: 'evil' }), 'of another issuer, too')
  const forged = `${gateway.token({ exp: 0 }).slice(0, -86)}${'A'.repeat(86)}`
  await isRefused(t, gateway, forged, 'a forged token is not called expired')
})
