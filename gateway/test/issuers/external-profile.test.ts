import { runs } from '@gatehouse/fixtures/generated'
import fc from 'fast-check'
import t from 'tap'
import type { IssuerEntry } from '../../src/issuers/issuer-entry.ts'
import { flaw, profileOf, read } from './fixtures/read-external.ts'

t.test(
  'subjects and clients get the name of the issuer as a prefix, and have no session',
  async (t) => {
    t.strictSame(read({ client_id: 'app', sid: 'session-1', roles: ['admin'], email: 'a@b' }), {
      identity: {
        subject: 'acme|ada',
        session: null,
        client: 'acme|app',
        roles: [],
        scope: [],
        email: null,
        expiresAt: 2000
      },
      issuedAt: 1000,
      rightsVersion: null,
      generation: null,
      delegation: null,
      notBefore: 1000,
      authenticatedAt: null,
      authenticationClass: null
    })
  }
)

t.test('times have fractions, and a token need not say when it was issued', async (t) => {
  t.match(read({ iat: 999.25, nbf: 1000.75, exp: 2000.25 }), {
    identity: { expiresAt: 2000 },
    issuedAt: 999,
    notBefore: 1000.75
  })
  t.match(read({ iat: undefined, nbf: 900 }), { issuedAt: 900, notBefore: 900 })
  t.match(read({ iat: undefined }), { issuedAt: 0, notBefore: 0 }, 'revoked with everything before')
})

t.test(
  'one of several audiences is enough, and a claim that is required must be there',
  async (t) => {
    const audience = ['mobile', 'api']
    for (const aud of ['mobile', 'api', ['x', 'api']]) t.notMatch(read({ aud }, { audience }), flaw)
    t.match(read({ aud: ['x'] }, { audience }), flaw)
    const require = { token_use: 'access', tier: [1, 2], 'realm.live': true }
    const good = { token_use: 'access', tier: 2, realm: { live: true } }
    t.notMatch(read(good, { require }), flaw)
    t.notMatch(read({ ...good, token_use: ['id', 'access'] }, { require }), flaw, 'among others')
    for (const changes of [{ token_use: 'id' }, { tier: '2' }, { tier: null }, { realm: {} }]) {
      t.match(read({ ...good, ...changes }, { require }), flaw, JSON.stringify(changes))
    }
    const present = { jti: { present: true as const } }
    for (const jti of ['a', 0, false]) t.notMatch(read({ jti }, { require: present }), flaw)
    for (const jti of [undefined, null, '']) t.match(read({ jti }, { require: present }), flaw)
  }
)

t.test('only the accepted types pass, and no header member that changes the token', async (t) => {
  const flawOf = (header: object, types: IssuerEntry['types'] = ['at+jwt']) =>
    profileOf({ types }).flawOfHeader({ alg: 'ES256', kid: 'a', ...header })
  for (const typ of ['at+jwt', 'AT+JWT', 'application/at+jwt']) {
    t.equal(flawOf({ typ }), null, typ)
  }
  for (const typ of ['JWT', undefined, 'id+jwt', 7, '', 'absent']) t.ok(flawOf({ typ }), `${typ}`)
  t.equal(flawOf({}, ['absent']), null)
  t.equal(flawOf({ typ: null }, ['absent']), null)
  for (const typ of ['JWT', 'absent', '', 7]) t.ok(flawOf({ typ }, ['absent']), `${typ}`)
  t.equal(flawOf({ typ: 'jwt' }, ['at+jwt', 'JWT']), null)
  for (const member of ['jku', 'jwk', 'x5u', 'x5c', 'x5t', 'x5t#S256', 'nonce']) {
    t.equal(flawOf({ typ: 'at+jwt', [member]: 'x' }), null, `${member} is not read`)
  }
  for (const member of ['crit', 'b64', 'zip', 'enc']) {
    t.ok(flawOf({ typ: 'at+jwt', [member]: 'x' }), member)
  }
  for (const cty of ['JWT', 'jwt', 'application/jwt', 'at+jwt']) {
    t.ok(flawOf({ typ: 'at+jwt', cty }), `another token inside: ${cty}`)
  }
  t.equal(flawOf({ typ: 'at+jwt', cty: 'json' }), null)
})

t.test('a token with arbitrary claims is refused, or read exactly', async (t) => {
  const claims = {
    subject: 'a.b',
    client: ['a', 'c'],
    scope: 'scp',
    roles: 'groups',
    email: 'mail',
    audience: 'for'
  }
  const profile = profileOf({ claims, require: { use: ['access', 1, true] } })
  const odd = fc.oneof(
    fc.constantFrom(
      null,
      '',
      'api',
      'access',
      'ada',
      Number.POSITIVE_INFINITY,
      -1,
      0.5,
      [],
      {},
      ['api'],
      true
    ),
    fc.jsonValue({ maxDepth: 3 })
  )
  const good = { a: { b: 'ada', c: 'app' }, for: 'api', exp: 2000.5, use: 'access' }
  const names = [
    'a',
    'a.b',
    'for',
    'scp',
    'groups',
    'mail',
    'exp',
    'iat',
    'nbf',
    'use',
    'auth_time'
  ]
  const said = fc
    .array(fc.tuple(fc.constantFrom(...names), odd), { maxLength: 3 })
    .map((changes): Record<string, unknown> => ({ ...good, ...Object.fromEntries(changes) }))
  let taken = 0
  const oneMeaning = fc.property(said, (token) => {
    const read = profile.readClaims(token)
    if ('flaw' in read) return true
    taken += 1
    const { identity } = read
    const { roles, scope } = identity
    return (
      identity.subject.startsWith('acme|') &&
      identity.subject.length > 'acme|'.length &&
      identity.expiresAt === Math.floor(Number(token.exp)) &&
      [roles, scope].flat().every((one) => typeof one === 'string' && one !== '') &&
      [token.for].flat().includes('api') &&
      [read.issuedAt, read.notBefore, identity.expiresAt].every(Number.isFinite)
    )
  })
  t.equal(fc.check(oneMeaning, runs(20_000)).counterexample, null)
  t.ok(taken > 20, `${taken} were taken`)
})
