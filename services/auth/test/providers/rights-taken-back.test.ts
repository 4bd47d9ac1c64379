import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { fakeProvider, type Person } from '@gatehouse/fixtures/fake-provider'
import { serviceLog } from '@gatehouse/http-service/service-log'
import t from 'tap'
import { takeBackRights } from '../../src/providers/identities/take-back-rights.ts'
import { readProviders } from '../../src/providers/provider-file.ts'
import { type AuthUnderTest, audited } from '../fixtures/auth-service.ts'
import { signInWith, visit } from '../fixtures/providers/provider-login.ts'
import {
  ada,
  claimMapping,
  installation,
  isStale,
  rightsOf as rightsAt,
  rightsIn,
  roleMapping
} from '../fixtures/providers/rights-of-users.ts'

const provider = await fakeProvider(t)
const acme = { id: 'acme', issuer: provider.issuer, roleMapping, claimMapping }

const none = { roles: ['user'], claims: {}, from: [] }

const rightsOf = (auth: AuthUnderTest, who: Person) =>
  rightsAt(auth, who, { id: 'acme', from: provider })

t.test('rights lapse without a login there, or with another mapping', async (t) => {
  const { auth, ops } = await installation(t, [acme])
  const { tokens } = await rightsOf(auth, ada({ groups: 'platform-admins', department: 'x' }))
  const file = join(dataFolder(t), 'providers.json')
  const takeBack = async (entries: readonly object[]) => {
    const providers = entries.map((entry) => ({ name: 'x', clientId: 'x', ...entry }))
    writeFileSync(file, JSON.stringify({ providers }))
    const run = takeBackRights({
      db: auth.database,
      entries: readProviders({ AUTH_PROVIDERS_FILE: file }),
      factorPolicy: { mode: 'optional', roles: [] },
      stale: auth.stale,
      log: serviceLog('auth', 'silent'),
      clock: auth.clock
    })
    while (await run()) {}
    return (await ops('GET', '')).user
  }
  const [admins, ...others] = roleMapping
  const before = ['user', 'admin', 'editor']
  t.strictSame((await takeBack([acme])).roles, before, 'the same mapping takes nothing back')
  t.equal(await isStale(auth, tokens), false)
  const narrow = [{ ...admins, roles: ['editor'] }, ...others]
  const narrowed = await takeBack([{ ...acme, roleMapping: narrow, claimMapping: [] }])
  t.strictSame(rightsIn(narrowed), { roles: ['user', 'editor'], claims: {}, from: ['acme'] })
  t.equal(await isStale(auth, tokens), true)
  t.match((await audited(auth)).at(-2), {
    kind: 'roles-changed',
    address: 'schedule',
    detail: '{"by":"provider","added":"","removed":"admin"}'
  })
  const elsewhere = { ...acme, id: 'other', issuer: 'https://other.example' }
  t.strictSame((await takeBack([elsewhere])).roles, ['user'], 'the provider is gone from the file')

  await rightsOf(auth, ada({ groups: 'platform-admins' }))
  auth.clock.advance(60 * 86_400_000)
  await rightsOf(auth, ada({ groups: 'platform-admins' }))
  auth.clock.advance(60 * 86_400_000)
  t.strictSame((await takeBack([acme])).roles, before, 'each login renews them')
  auth.clock.advance(31 * 86_400_000)
  t.strictSame(rightsIn(await takeBack([acme])), none)
})

t.test('a person whom the provider may sign in no longer keeps no rights', async (t) => {
  const required = { ...acme, require: { groups: ['staff'] }, domains: ['example.com'] }
  const { auth, ops, rights } = await installation(t, [required])
  const staff = { groups: ['staff', 'editors'] }
  const { tokens } = await rightsOf(auth, ada(staff))
  t.equal((await visit(auth, 'acme', provider, ada({ groups: 'editors' }))).code, undefined)
  t.strictSame(await rights(), none)
  t.equal(await isStale(auth, tokens), true)

  t.strictSame((await rightsOf(auth, ada(staff))).roles, ['user', 'editor'])
  const moved = ada({ ...staff, email: 'ada@elsewhere.example' })
  t.equal((await signInWith(auth, 'acme', provider, moved)).statusCode, 403)
  t.strictSame(await rights(), none)
  const { kind, detail, address } = (await audited(auth)).at(-2) ?? {}
  t.match({ kind, detail, address }, { kind: 'roles-changed', detail: /"removed":"editor"/ })
  t.not(address, 'schedule')

  // Nobody is named by an ID token that is not valid.
  t.strictSame((await rightsOf(auth, ada(staff))).roles, ['user', 'editor'])
  t.teardown(() => provider.behave({}))
  provider.behave({ otherKey: true })
  t.equal((await visit(auth, 'acme', provider, ada({ groups: 'none' }))).code, undefined)
  t.strictSame((await ops('GET', '')).user.roles, ['user', 'editor'])
})
