import { anyText } from '@gatehouse/fixtures/any-text'
import { runs } from '@gatehouse/fixtures/generated'
import fc from 'fast-check'
import t from 'tap'
import { claimHeaders } from '../../src/identity/claim-headers.ts'
import { type Identity, identityHeaders } from '../../src/identity/identity.ts'
import {
  IDENTITY_BUDGET_BYTES,
  IdentityTooLarge,
  withinBudget
} from '../../src/identity/identity-budget.ts'
import { readIdentity } from '../../src/identity/read-identity.ts'
import { isIdentityName } from '../../src/names.ts'
import { requestId } from '../../src/request-id.ts'

const ada: Identity = {
  subject: 'user-1',
  session: 'session-1',
  client: 'gatehouse',
  roles: ['user', 'admin'],
  scope: ['orders:read', 'orders:write'],
  email: 'ada@example.com',
  expiresAt: 1_800_000_000
}

t.test('an identity has one header per member', async (t) => {
  t.strictSame(identityHeaders(ada), {
    'x-auth-subject': 'user-1',
    'x-auth-client': 'gatehouse',
    'x-auth-roles': 'user,admin',
    'x-auth-scope': 'orders:read orders:write',
    'x-auth-expires': '1800000000',
    'x-auth-session': 'session-1',
    'x-auth-email': 'ada@example.com'
  })
})

t.test('characters other than visible ASCII are percent-encoded UTF-8', async (t) => {
  const encoded: Record<string, string> = {
    'a\r\nx-auth-roles: admin': 'a%0D%0Ax-auth-roles:%20admin',
    é: '%C3%A9',
    漢字: '%E6%BC%A2%E5%AD%97',
    '😀': '%F0%9F%98%80',
    '\u202eevil': '%E2%80%AEevil',
    '100%': '100%25',
    ' a': '%20a',
    '\0\x7f': '%00%7F'
  }
  for (const [email, header] of Object.entries(encoded)) {
    t.equal(identityHeaders({ ...ada, email })['x-auth-email'], header, JSON.stringify(email))
  }
  const roles = identityHeaders({ ...ada, roles: ['a,b', 'c'] })['x-auth-roles']
  t.equal(roles, 'a%2Cb,c', 'a comma in a role does not separate')
})

t.test('every identity can be read as it was written, and fits into headers', async (t) => {
  const text = anyText({ minLength: 1, maxLength: 20 })
  const anyIdentity = fc.record({
    subject: text,
    session: fc.option(text),
    client: text,
    roles: fc.array(text, { maxLength: 4 }),
    scope: fc.array(text, { maxLength: 4 }),
    email: fc.option(text),
    expiresAt: fc.nat()
  })
  const roundTrip = fc.property(anyIdentity, (identity) => {
    const headers = identityHeaders(identity)
    const plain = Object.values(headers).every((value) => /^[\x21-\x7e ]*$/.test(value))
    return plain && JSON.stringify(readIdentity(headers)) === JSON.stringify(identity)
  })
  t.equal(fc.check(roundTrip, runs(3000)).counterexample, null)
})

t.test('an identity over the budget is an error, and never cut short', async (t) => {
  const roles = (count: number) => Array.from({ length: count }, (_, n) => `role-number-${n}`)
  t.ok(withinBudget(identityHeaders({ ...ada, roles: roles(200) })))
  t.throws(() => withinBudget(identityHeaders({ ...ada, roles: roles(300) })), {
    name: 'IdentityTooLarge',
    message: /x-auth-roles has \d+$/
  })
  t.throws(
    () => withinBudget(identityHeaders({ ...ada, email: 'é'.repeat(IDENTITY_BUDGET_BYTES / 6) })),
    IdentityTooLarge
  )
})

t.test('with a missing required header, there is no identity', async (t) => {
  t.equal(readIdentity({}), null)
  for (const name of ['x-auth-subject', 'x-auth-client', 'x-auth-expires']) {
    t.equal(readIdentity({ ...identityHeaders(ada), [name]: undefined }), null, name)
    t.equal(readIdentity({ ...identityHeaders(ada), [name]: ['a', 'b'] }), null, `${name} twice`)
  }
  t.equal(readIdentity({ ...identityHeaders(ada), 'x-auth-expires': '1e9' }), null)
})

t.test('the namespace is reserved in every spelling that a server reads as it', async (t) => {
  for (const name of [
    'x-auth-subject',
    'x_auth_subject',
    'x-auth_x',
    'x.auth.roles',
    'x-auth-',
    'x_auth-subject.',
    'grpc-metadata-x-auth-subject',
    'grpc_metadata_x_auth_subject'
  ]) {
    t.ok(isIdentityName(name), name)
  }
  for (const name of [
    'x-author',
    'x-authenticated',
    'auth-subject',
    'x-request-id',
    'xauth-x',
    'grpc-metadata-x'
  ]) {
    t.notOk(isIdentityName(name), name)
  }
})

t.test('a well-formed request id is kept', async (t) => {
  t.equal(requestId({ 'x-request-id': 'abc-123' }), 'abc-123')
  for (const id of ['', 'a b', '-a', 'a\n', 'é', 'x'.repeat(129), undefined, ['a', 'b']]) {
    t.match(requestId({ 'x-request-id': id }), /^[0-9a-f-]{36}$/, JSON.stringify(id))
  }
})

t.test('a claim of any type is one header, and an absent one has none', async (t) => {
  const values = {
    'x-auth-claim-tenant': 'acme',
    'x-auth-claim-name': 'Zoë Müller',
    'x-auth-claim-level': 7,
    'x-auth-claim-trial': false,
    'x-auth-claim-empty': '',
    'x-auth-claim-groups': ['a,b', 'c d'],
    'x-auth-claim-none': [],
    'x-auth-claim-org': { id: 1, name: 'é' },
    'x-auth-claim-mixed': ['a', 1],
    'x-auth-claim-injected': 'a\r\nx-auth-roles: admin'
  }
  t.strictSame(claimHeaders(values), {
    'x-auth-claim-tenant': 'acme',
    'x-auth-claim-name': 'Zo%C3%AB%20M%C3%BCller',
    'x-auth-claim-level': '7',
    'x-auth-claim-trial': 'false',
    'x-auth-claim-empty': '',
    'x-auth-claim-groups': 'a%2Cb,c%20d',
    'x-auth-claim-none': '',
    'x-auth-claim-org': '{"id":1,"name":"%C3%A9"}',
    'x-auth-claim-mixed': '["a",1]',
    'x-auth-claim-injected': 'a%0D%0Ax-auth-roles:%20admin'
  })
  t.strictSame(claimHeaders({}), {})
  const anyValue = fc.property(fc.jsonValue(), (value) => {
    const text = claimHeaders({ 'x-auth-claim-any': value })['x-auth-claim-any']
    return text !== undefined && /^[\x21-\x7e]*$/.test(text)
  })
  t.equal(fc.check(anyValue, runs(2000)).counterexample, null, 'visible ASCII, whatever it is')
})
