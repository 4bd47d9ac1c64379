import { ACCESS_TOKEN_TYPE, AccessTokenClaims, algorithms } from '@gatehouse/access-token/claims'
import t from 'tap'
import { Compile } from 'typebox/compile'

const claims = Compile(AccessTokenClaims)

/** A user's token with every claim that the contract lists. */
const person = {
  iss: 'http://localhost:3000',
  aud: 'gatehouse',
  sub: '0198c0de-0000-7000-8000-000000000001',
  exp: 1_800_000_300,
  iat: 1_800_000_000,
  nbf: 1_800_000_000,
  jti: '0198c0de-0000-7000-8000-000000000002',
  client_id: 'gatehouse',
  sid: 'Zm9yIHRoZSB0ZXN0cyE',
  scope: 'orders:read orders:write',
  roles: ['user'],
  email: 'ada@example.com'
}
const { sid: _sid, email: _email, ...machine } = person

t.test('the claims of a person and of a machine are accepted', async (t) => {
  t.ok(claims.Check(person))
  t.ok(claims.Check(machine), 'a machine has neither a session nor an address')
  t.ok(claims.Check({ ...person, auth_time: 1_800_000_000, amr: ['pwd', 'otp'] }))
})

t.test('an audience is one or several, but not none', async (t) => {
  t.ok(claims.Check({ ...person, aud: ['gatehouse', 'reports'] }))
  t.notOk(claims.Check({ ...person, aud: [] }))
  t.notOk(claims.Check({ ...person, aud: '' }))
})

t.test('roles and scope may be empty', async (t) => {
  t.ok(claims.Check({ ...person, roles: [], scope: '' }))
})

t.test('an unknown claim is accepted', async (t) => {
  t.ok(claims.Check({ ...person, tenant: 'acme' }))
})

t.test('each required claim must be present', async (t) => {
  for (const name of Object.keys(machine)) {
    const { [name]: _, ...rest } = { ...machine } as Record<string, unknown>
    t.notOk(claims.Check(rest), name)
  }
})

t.test('a claim of the wrong type is refused, not converted', async (t) => {
  const isText = (name: string) => typeof Reflect.get(person, name) === 'string'
  for (const name of Object.keys(person)) {
    const wrong = isText(name) ? [7, true, null, {}, ['']] : ['1800000300', 'user', true, null, {}]
    for (const value of wrong) {
      t.notOk(claims.Check({ ...person, [name]: value }), `${name}: ${JSON.stringify(value)}`)
    }
  }
  t.notOk(claims.Check({ ...person, roles: ['user', 7] }), 'a role that is not a string')
})

t.test('times are whole seconds that a date can have', async (t) => {
  for (const time of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 253_402_300_800]) {
    for (const name of ['exp', 'iat', 'nbf', 'auth_time']) {
      t.notOk(claims.Check({ ...person, [name]: time }), `${name}: ${time}`)
    }
  }
})

t.test('the length of every claim is limited', async (t) => {
  const long = 'x'.repeat(256)
  for (const name of ['iss', 'aud', 'sub', 'jti', 'client_id', 'sid']) {
    t.ok(claims.Check({ ...person, [name]: long.slice(1) }), `${name}: 255`)
    t.notOk(claims.Check({ ...person, [name]: long }), `${name}: 256`)
    t.notOk(claims.Check({ ...person, [name]: '' }), `${name}: empty`)
  }
  t.notOk(claims.Check({ ...person, scope: 'x'.repeat(4097) }), 'scope')
  t.notOk(claims.Check({ ...person, email: 'x'.repeat(8193) }), 'email')
  t.notOk(claims.Check({ ...person, roles: Array(513).fill('user') }), 'roles')
})

t.test(
  'an access token has its own type (RFC 9068 §2.1), and no algorithm uses a shared secret',
  async (t) => {
    t.equal(ACCESS_TOKEN_TYPE, 'at+jwt')
    t.strictSame([...algorithms], ['ES256', 'EdDSA', 'RS256'], 'asymmetric algorithms only')
  }
)
