import { fakeProvider, type Person } from '@gatehouse/fixtures/fake-provider'
import { decodeJwt } from 'jose'
import t from 'tap'
import { authWithProviders, signInWith } from '../../fixtures/providers/provider-login.ts'

/**
 * A provider, or a user who edits their own profile there, says something that the operator has not
 * allowed.
 */

const provider = await fakeProvider(t)
const person = (more: Partial<Person>): Person => ({
  sub: 'mallory',
  email: 'mallory@example.com',
  email_verified: true,
  ...more
})
const roleMapping = [
  { claim: 'groups', value: 'editors', roles: ['editor'] },
  { claim: '/realm_access/roles', value: 'auditor', roles: ['auditor'] },
  { claim: 'email', value: 'boss@example.com', roles: ['boss'] }
]
const claimMapping = [
  { claim: 'tid', as: 'tenant_id', values: ['acme'] },
  { claim: 'department', as: 'department' },
  { claim: 'email', as: 'contact' }
]

t.test('only what the operator has named is given', async (t) => {
  const entry = { id: 'acme', issuer: provider.issuer, roleMapping, claimMapping }
  const auth = await authWithProviders(t, [entry])
  const rightsOf = async (more: Partial<Person>) => {
    const answer = await signInWith(auth, 'acme', provider, person(more))
    if (answer.statusCode !== 200) throw new Error(answer.body)
    const { roles } = decodeJwt(answer.json().accessToken)
    const { provided } = await auth.database
      .selectFrom('accounts')
      .select('provided')
      .executeTakeFirstOrThrow()
    const [given] = JSON.parse(provided ?? '[]')
    return { roles, claims: given?.claims ?? {} }
  }
  const none = { roles: ['user'], claims: { contact: 'mallory@example.com' } }
  for (const more of [
    { roles: ['admin'], groups: ['admin', '*', 'Editors', 'editors ', 'editors,admin', ''] },
    { groups: 'editors admin' },
    { groups: { editors: true } },
    { groups: [['editors']] },
    { groups: [{ name: 'editors' }, null, 7] },
    { realm_access: ['auditor'] },
    { realm_access: { roles: { auditor: 1 } } },
    { '/realm_access/roles': ['auditor'] },
    { realm_access: { 'roles/x': ['auditor'] } },
    { tid: 'globex' },
    { tid: ['globex'] },
    { tenant_id: 'acme' },
    { department: null },
    { department: { admin: true } },
    { department: ['x', { admin: true }] },
    { department: 'line\nbreak' },
    { department: '\u202Eelor' },
    { department: '' },
    { department: 'x'.repeat(257) },
    { department: Array.from({ length: 65 }, () => 1) },
    JSON.parse('{"__proto__": {"department": "x", "groups": ["editors"]}}')
  ]) {
    t.strictSame(await rightsOf(more), none, JSON.stringify(more))
  }
  t.strictSame(await rightsOf({ groups: ['editors'], tid: ['acme', 'globex'] }), {
    roles: ['user', 'editor'],
    claims: { ...none.claims, tenant_id: ['acme'] }
  })
  for (const email_verified of [false, 'yes', null]) {
    const unverified = { email: 'boss@example.com', email_verified } as Partial<Person>
    t.strictSame(await rightsOf(unverified), { roles: ['user'], claims: {} })
  }
  const boss = await rightsOf({ email: 'boss@example.com' })
  t.strictSame(boss, { roles: ['user', 'boss'], claims: { contact: 'boss@example.com' } })
})

t.test('rights that do not fit into a token are not given, and the user signs in', async (t) => {
  const names = Array.from({ length: 8 }, (_, at) => `claim_${at}`)
  const entry = {
    id: 'acme',
    issuer: provider.issuer,
    roleMapping: [{ claim: 'groups', value: 'editors', roles: ['editor'] }],
    claimMapping: names.map((name) => ({ claim: name, as: name }))
  }
  const auth = await authWithProviders(t, [entry])
  const large = Object.fromEntries(names.map((name) => [name, 'x'.repeat(200)]))
  const answer = await signInWith(auth, 'acme', provider, person({ groups: 'editors', ...large }))
  t.strictSame(decodeJwt(answer.json().accessToken).roles, ['user'], answer.body)
  const small = await signInWith(auth, 'acme', provider, person({ groups: 'editors' }))
  t.strictSame(decodeJwt(small.json().accessToken).roles, ['user', 'editor'])
})

t.test('without a mapping, nothing that a provider says becomes a right', async (t) => {
  const auth = await authWithProviders(t, [{ id: 'acme', issuer: provider.issuer }])
  const says = { groups: ['admin'], roles: ['admin'], tenant_id: 'acme', scope: 'admin' }
  const answer = await signInWith(auth, 'acme', provider, person(says))
  t.match(decodeJwt(answer.json().accessToken), { roles: ['user'] })
  t.match(await auth.database.selectFrom('accounts').selectAll().execute(), [
    { provided: null, claims: '{}', roles: '["user"]' }
  ])
})

t.test('a role that demands a second factor opens no session without one', async (t) => {
  const entry = { id: 'acme', issuer: provider.issuer, roleMapping }
  const auth = await authWithProviders(t, [entry], { secondFactorRoles: 'editor' })
  const before = await signInWith(auth, 'acme', provider, person({}))
  t.equal(before.statusCode, 200)
  const answer = await signInWith(auth, 'acme', provider, person({ groups: 'editors' }))
  t.equal(answer.json().code, 'FACTOR_REQUIRED')
  const { refreshToken } = before.json()
  const refused = await auth.post('/refresh-token', { refreshToken })
  t.equal(refused.json().code, 'SESSION_ENDED', 'a session that was opened before has ended')
})
