import t from 'tap'
import { externalProfiles } from '../../src/issuers/external-profile.ts'
import type { IssuerEntry } from '../../src/issuers/issuer-entry.ts'
import { issuerEntry } from '../fixtures/external-issuer.ts'
import { flaw, least, read } from './fixtures/read-external.ts'

t.test('the identity comes from the claims that the operator names', async (t) => {
  const claims = {
    scope: 'scp',
    roles: 'realm_access.roles',
    client: ['app', 'id'],
    email: 'upn',
    subject: 'oid',
    audience: 'resource'
  }
  const said = {
    scp: ['read', 'write'],
    realm_access: { roles: ['admin'] },
    app: { id: 'app' },
    upn: 'ada@acme.example',
    email_verified: true,
    oid: 'o-1',
    resource: ['api'],
    aud: 7,
    nbf: 999,
    auth_time: 500
  }
  t.match(read(said, { claims }), {
    identity: {
      roles: ['admin'],
      scope: ['read', 'write'],
      client: 'acme|app',
      email: 'ada@acme.example',
      subject: 'acme|o-1'
    },
    notBefore: 1000,
    authenticatedAt: 500,
    authenticationClass: null
  })
  t.match(read({ ...said, scp: 'read write' }, { claims }), {
    identity: { scope: ['read', 'write'] }
  })
  t.match(read({ ...said, resource: undefined, aud: 'api' }, { claims }), flaw, 'not in aud')
  t.match(read({ ...said, oid: undefined }, { claims }), flaw, 'no subject but the named one')
  t.match(
    read({ ...said, scp: undefined, scope: 'admin' }, { claims }),
    { identity: { scope: [] } },
    'no scope but the named one'
  )
  t.match(read({ azp: 'app' }), { identity: { client: 'acme|app' } })
})

t.test('a scope that contains white space is dropped: services would read several', async (t) => {
  const hidden = ['team orders:write orders:read']
  const claims = { scope: 'permissions' }
  for (const permissions of [hidden, ['read', ...hidden], ['a\tb'], ['']]) {
    t.match(read({ permissions }, { claims }), flaw, JSON.stringify(permissions))
  }
  t.match(read({ scope: hidden }), { identity: { scope: [] } }, 'no claim is named')
})

t.test('an e-mail address is forwarded only if the token marks it as verified', async (t) => {
  const emailOf = (said: object, entry: Partial<IssuerEntry> = {}) => {
    const made = read(
      { email: 'ada@acme.example', ...said },
      { claims: { email: 'email' }, ...entry }
    )
    if (!('identity' in made)) throw new Error('the token is refused')
    return made.identity.email
  }
  t.equal(emailOf({ email_verified: true }), 'ada@acme.example')
  for (const said of [
    undefined,
    null,
    false,
    'true',
    'false',
    1,
    [],
    [true],
    {},
    { email: true }
  ]) {
    t.equal(emailOf({ email_verified: said }), null, `email_verified: ${JSON.stringify(said)}`)
  }
  const elsewhere = { email: 'email', emailVerified: 'https://acme.example/verified' }
  t.equal(emailOf({ email_verified: true }, { claims: elsewhere }), null)
  const verified = { 'https://acme.example/verified': true }
  t.equal(emailOf(verified, { claims: elsewhere }), 'ada@acme.example')
  t.equal(emailOf({}, { unverifiedEmail: true }), 'ada@acme.example', 'by the operator’s word')
  t.equal(emailOf({ email_verified: true }, { claims: {} }), null, 'no entry names the address')
})

t.test('roles are a list, a string, or the member names of an object', async (t) => {
  const roles = (value: unknown) => read({ groups: value }, { claims: { roles: 'groups' } })
  const known: [value: unknown, roles: string[]][] = [
    [
      ['admin', 'site user'],
      ['admin', 'site user']
    ],
    ['site user', ['site user']],
    [{ admin: { 2801: 'org.example' }, user: true }, ['admin', 'user']],
    [{ admin: {}, owner: [], user: { 2801: 'org.example' } }, ['user']],
    [{ admin: false, owner: null, user: true }, ['user']],
    ...[[], {}, null, undefined, ''].map((value): [unknown, string[]] => [value, []])
  ]
  for (const [value, expected] of known) {
    t.match(roles(value), { identity: { roles: expected } }, JSON.stringify(value))
  }
  const unreadable = [7, true, [7], [''], [['admin']], [{ name: 'admin' }], { admin: 1 }]
  for (const value of [...unreadable, { admin: 'no' }, { '': true }]) {
    t.match(roles(value), flaw, JSON.stringify(value))
  }
  const many = Array.from({ length: 2000 }, (_, at) => `g${at}`)
  t.match(roles(many), { identity: { roles: many } }, 'a member of 2,000 groups')
})

t.test('a claim that no entry names never causes a refusal', async (t) => {
  const odd: Record<string, object> = {
    'another type of scope': { scope: 7 },
    'another type of client': { client_id: {}, azp: 7 },
    'an empty client': { client_id: '', azp: null },
    'another type of auth_time': { auth_time: 'yesterday' },
    'a list of mixed audiences': { aud: [7, null, {}, 'api'] },
    'many audiences': { aud: [...Array.from({ length: 100 }, (_, at) => `svc-${at}`), 'api'] },
    'claims of any type': { sid: {}, jti: 7, roles: 'admin', email: [], groups: { a: [[[]]] } },
    nulls: { scope: null, client_id: null, auth_time: null, nbf: null, iat: null, email: null }
  }
  for (const [title, claims] of Object.entries(odd)) {
    t.match(
      read(claims),
      { identity: { subject: 'acme|ada', client: 'acme|', scope: [], roles: [], email: null } },
      title
    )
  }
  t.match(read({ client_id: {}, azp: 'app' }), { identity: { client: 'acme|app' } })
  const claims = { roles: 'groups', email: 'email', client: 'cid', scope: 'scp' }
  const absent = { groups: null, email: null, cid: '', scp: '' }
  t.match(read(absent, { claims }), { identity: { roles: [], email: null, client: 'acme|' } })
})

t.test('a claim that the operator names must have a readable value', async (t) => {
  const claims = { roles: 'groups', email: 'email', client: 'cid', scope: 'scp' }
  const wrong: Record<string, object> = {
    'no sub': { sub: undefined },
    'an empty sub': { sub: '' },
    'a sub of null': { sub: null },
    'a sub that is a number': { sub: 7 },
    'a long sub': { sub: 'x'.repeat(256) },
    'no exp': { exp: undefined },
    'exp of null': { exp: null },
    'exp as a text': { exp: '2000' },
    'exp as a list': { exp: [2000] },
    'an endless exp': { exp: Number.POSITIVE_INFINITY },
    'exp in milliseconds': { exp: 2e15 },
    'a negative exp': { exp: -1 },
    'iat as a text': { iat: '1000' },
    'nbf as a text': { nbf: '1000' },
    'another audience': { aud: 'other' },
    'an audience within another': { aud: 'api2' },
    'an audience around another': { aud: 'my api' },
    'an object for an audience': { aud: { api: 'api' } },
    'no audience': { aud: [] },
    'an audience of null': { aud: null },
    'a scope that is a number': { scp: 7 },
    'a mail that is a list': { email: ['a@b'] },
    'a client that is an object': { cid: {} }
  }
  for (const [title, changes] of Object.entries(wrong)) {
    t.match(read(changes, { claims }), flaw, title)
  }
})

t.test('the same subject in two tenants is two users', async (t) => {
  const profiles = externalProfiles(
    issuerEntry({ issuer: 'https://login.example/{tenantid}/v2.0', tenants: ['one', 'two'] })
  )
  t.strictSame(
    profiles.map((profile) => [
      profile.issuer,
      profile.acceptsKeyOf('https://login.example/one/v2.0'),
      profile.acceptsKeyOf('https://login.example/{tenantid}/v2.0')
    ]),
    [
      ['https://login.example/one/v2.0', true, true],
      ['https://login.example/two/v2.0', false, true]
    ]
  )
  const subjects = profiles.map((profile) => profile.readClaims({ ...least, azp: 'app' }))
  t.match(subjects, [
    { identity: { subject: 'acme|one|ada', client: 'acme|one|app' } },
    { identity: { subject: 'acme|two|ada', client: 'acme|two|app' } }
  ])
})
