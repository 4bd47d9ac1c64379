import { fakeProvider, type Person } from '@gatehouse/fixtures/fake-provider'
import { decodeJwt } from 'jose'
import t from 'tap'
import {
  type AuthUnderTest,
  audited,
  login,
  OPS_TOKEN,
  password,
  registered
} from '../fixtures/auth-service.ts'
import { databaseKinds } from '../fixtures/database/databases.ts'
import { isProblem } from '../fixtures/problem.ts'
import {
  authWithProviders,
  exchange,
  signInWith,
  visit
} from '../fixtures/providers/provider-login.ts'
import { headersOf } from '../fixtures/second-factor.ts'

const provider = await fakeProvider(t)
const entries = [
  { id: 'acme', issuer: provider.issuer },
  { id: 'closed', issuer: 'https://closed.example', registration: false }
]
const person = (name: string, more: Partial<Person> = {}): Person => ({
  sub: `sub of ${name}`,
  email: `${name}@example.com`,
  email_verified: true,
  ...more
})
const mustLink = {
  code: 'CONFLICT',
  detail: 'an account has this e-mail address: sign in to it another way, and link the provider'
} as const

/** The identity of a person in the session of an account. */
async function linked(auth: AuthUnderTest, headers: Record<string, string>, who: Person) {
  const { code, verifier } = await visit(auth, 'acme', provider, who)
  return await auth.post('/identities', { code, codeVerifier: verifier }, headers)
}

const kindsOf = async (auth: AuthUnderTest, subject: string) =>
  (await audited(auth)).filter((event) => event.subject === subject).map(({ kind }) => kind)

for (const { name, skip, make } of databaseKinds) {
  t.test(
    `${name}: the first login creates an account, and the next one finds it`,
    { skip },
    async (t) => {
      const auth = await authWithProviders(t, entries, { database: await (await make(t)).open() })
      const first = await signInWith(auth, 'acme', provider, person('ada'))
      t.equal(first.statusCode, 200)
      const claims = decodeJwt(first.json().accessToken)
      t.match(claims, { email: 'ada@example.com', amr: ['fed'], roles: ['user'] })
      const moved = person('ada', { email: 'other@example.com', email_verified: false })
      const again = await signInWith(auth, 'acme', provider, moved)
      t.equal(decodeJwt(again.json().accessToken).sub, claims.sub, 'whatever address it has now')
      const user = { id: String(claims.sub) }
      const headers = await headersOf(auth, user, again.json())
      const { identities } = (await auth.get('/identities', headers)).json()
      t.match(identities, [
        {
          provider: 'acme',
          issuer: provider.issuer,
          email: 'other@example.com',
          lastUsedAt: /Z$/,
          opensSession: true
        }
      ])
      const [{ id }] = identities
      const only = await auth.service.inject({
        method: 'DELETE',
        url: `/identities/${id}`,
        headers
      })
      isProblem(t, only, {
        code: 'CONFLICT',
        detail: 'nothing else would open a session: set a password or add a passkey first'
      })
      t.strictSame(await kindsOf(auth, user.id), [
        'user-created',
        'identity-linked',
        'login',
        'login'
      ])
    }
  )

  t.test(
    `${name}: simultaneous first logins of one person make one account`,
    { skip },
    async (t) => {
      const auth = await authWithProviders(t, entries, { database: await (await make(t)).open() })
      const visits = await Promise.all(
        ['eve', 'eve', 'eva', 'eva'].map((name) =>
          visit(auth, 'acme', provider, person(name, { sub: 'eve' }))
        )
      )
      const answers = await Promise.all(visits.map((visited) => exchange(auth, visited)))
      t.strictSame(
        answers.map(({ statusCode }) => statusCode),
        [200, 200, 200, 200]
      )
      const subjects = answers.map((answer) => decodeJwt(answer.json().accessToken).sub)
      t.equal(new Set(subjects).size, 1)

      const shared = await visit(auth, 'acme', provider, person('eve', { sub: 'eve' }))
      const uses = await Promise.all([1, 2, 3, 4].map(() => exchange(auth, shared)))
      t.equal(uses.filter(({ statusCode }) => statusCode === 200).length, 1, 'a code works once')

      // The same person, linked by two accounts at the same moment.
      const accounts = await Promise.all(
        ['one', 'two'].map(async (who) => {
          const user = await registered(auth, `${who}@example.com`)
          return await headersOf(auth, user, await login(auth, `${who}@example.com`))
        })
      )
      const both = await Promise.all(
        accounts.map((headers) => linked(auth, headers, person('shared')))
      )
      t.strictSame(both.map(({ statusCode }) => statusCode).sort(), [201, 409])
    }
  )
}

t.test('an address that the provider has not verified opens and creates no account', async (t) => {
  const auth = await authWithProviders(t, [
    { ...entries[0], id: 'acme', linking: 'verified-email' }
  ])
  await registered(auth, 'known@example.com')
  const refused = {
    code: 'FORBIDDEN',
    detail:
      'verify the e-mail address at the provider, or sign in another way and link the provider'
  } as const
  for (const verified of [undefined, false, 'false', 'yes'] as const) {
    for (const name of ['known', 'unknown']) {
      const more = verified === undefined ? {} : { email_verified: verified }
      const { email_verified: _verified, ...bare } = person(name)
      const answer = await signInWith(auth, 'acme', provider, { ...bare, ...more })
      isProblem(t, answer, refused, `${name}, ${verified}`)
    }
  }
  const none = await signInWith(auth, 'acme', provider, { sub: 'without an address' })
  isProblem(t, none, refused)
  t.equal(
    (await signInWith(auth, 'acme', provider, person('new', { email_verified: 'true' })))
      .statusCode,
    200
  )
})

t.test('an account with the address of a person is linked only by its user', async (t) => {
  const auth = await authWithProviders(t, entries)
  const ada = person('ada')
  const user = await registered(auth, 'ada@example.com')
  isProblem(t, await signInWith(auth, 'acme', provider, ada), mustLink)
  const tokens = await login(auth, 'ada@example.com')
  const headers = await headersOf(auth, user, tokens)
  t.equal((await linked(auth, headers, ada)).statusCode, 201)
  const opened = await signInWith(auth, 'acme', provider, ada)
  t.equal(decodeJwt(opened.json().accessToken).sub, user.id)
  const other = await registered(auth, 'eve@example.com')
  const theft = await linked(
    auth,
    await headersOf(auth, other, await login(auth, 'eve@example.com')),
    ada
  )
  isProblem(t, theft, {
    code: 'CONFLICT',
    detail: 'this account of the provider is linked to another account here'
  })

  // Somebody who has linked a provider of their own is locked out by a new password.
  const next = 'another horse battery'
  await auth.post('/password', { currentPassword: password, newPassword: next }, headers)
  isProblem(t, await signInWith(auth, 'acme', provider, ada), mustLink)
  const { identities } = (await auth.get('/identities', headers)).json()
  t.equal(identities[0].opensSession, false)
  t.equal((await linked(auth, headers, ada)).statusCode, 201, 'until it is linked again')
  t.equal((await signInWith(auth, 'acme', provider, ada)).statusCode, 200)

  const url = `/identities/${identities[0].id}`
  const remove = (by: Record<string, string>) =>
    auth.service.inject({ method: 'DELETE', url, headers: by })
  const foreign = await headersOf(auth, other, await login(auth, 'eve@example.com'))
  t.equal((await remove(foreign)).statusCode, 404, 'of another account')
  t.equal((await remove(headers)).statusCode, 204)
  isProblem(t, await signInWith(auth, 'acme', provider, ada), mustLink)
  t.strictSame(
    (await kindsOf(auth, user.id)).filter((kind) => kind.startsWith('identity')),
    ['identity-linked', 'identity-linked', 'identity-unlinked']
  )
})

t.test('an account is linked by its address only if both sides have verified it', async (t) => {
  const auth = await authWithProviders(t, [
    { ...entries[0], id: 'acme', linking: 'verified-email' }
  ])
  const ada = person('ada')
  const user = await registered(auth, 'ada@example.com')
  isProblem(t, await signInWith(auth, 'acme', provider, ada), mustLink, 'a pre-registered account')
  const set = (values: {
    email_verified_at?: number
    factors?: number
    disabled_at?: number | null
  }) => auth.database.updateTable('accounts').set(values).where('id', '=', user.id).execute()
  await set({ email_verified_at: 1, factors: 1 })
  isProblem(t, await signInWith(auth, 'acme', provider, ada), mustLink, 'with a second factor')
  await set({ factors: 0, disabled_at: 1 })
  isProblem(t, await signInWith(auth, 'acme', provider, ada), mustLink, 'a disabled account')
  await set({ disabled_at: null })
  for (const [at, email] of ['\u1D43da@example.com', '\uFF41da@example.com'].entries()) {
    const neighbour = person(`neighbour ${at}`, { email })
    isProblem(t, await signInWith(auth, 'acme', provider, neighbour), mustLink, 'another mailbox')
  }
  const shouted = person('the same mailbox', { email: 'ADA@EXAMPLE.com' })
  t.equal((await signInWith(auth, 'acme', provider, shouted)).statusCode, 200)
  const answer = await signInWith(auth, 'acme', provider, ada)
  t.equal(decodeJwt(answer.json().accessToken).sub, user.id)
  await set({ disabled_at: 1 })
  t.equal((await signInWith(auth, 'acme', provider, ada)).json().code, 'UNAUTHENTICATED')
  t.match((await audited(auth)).at(-1), { kind: 'login-failed', subject: user.id })
})

t.test(
  'operators see and remove links, an export has them, and a deletion erases them',
  async (t) => {
    const auth = await authWithProviders(t, entries)
    const { accessToken, session } = (
      await signInWith(auth, 'acme', provider, person('ada'))
    ).json()
    const id = String(decodeJwt(accessToken).sub)
    const headers = await auth.gateway.signedIn({ subject: id, session: session.id })
    const link = { issuer: provider.issuer, subject: 'sub of ada', email: 'ada@example.com' }
    t.match((await auth.get('/account/export', headers)).json().identities, [link])
    const call = (method: 'GET' | 'DELETE', path = '') =>
      auth.ops.inject({
        method,
        url: `/ops/users/ada@example.com${path}`,
        headers: { authorization: `Bearer ${OPS_TOKEN}` }
      })
    t.match((await call('GET')).json(), { passwordHash: 'none', providers: ['acme'] })
    const [found] = (await call('GET', '/identities')).json().identities
    t.match(found, { provider: 'acme', email: 'ada@example.com' })
    t.equal((await call('DELETE', '/identities/another')).statusCode, 404)
    t.equal((await call('DELETE', `/identities/${found.id}`)).statusCode, 204, 'even the last one')
    t.match((await audited(auth)).at(-1), {
      kind: 'identity-unlinked',
      detail: '{"provider":"acme"}'
    })
    isProblem(t, await signInWith(auth, 'acme', provider, person('ada')), mustLink)

    t.equal((await linked(auth, headers, person('ada'))).statusCode, 201)
    t.equal((await call('DELETE')).statusCode, 200)
    t.strictSame(await auth.database.selectFrom('identities').selectAll().execute(), [])
    const again = await signInWith(auth, 'acme', provider, person('ada'))
    t.not(decodeJwt(again.json().accessToken).sub, id, 'the person starts anew')
  }
)

t.test('a login creates an account only where registration is open', async (t) => {
  const off = {
    code: 'FORBIDDEN',
    detail: 'registration is off: only an operator can create accounts'
  } as const
  const [acme] = entries
  for (const registration of ['off', 'invite'] as const) {
    const auth = await authWithProviders(t, [{ ...acme, id: 'acme' }], { registration })
    isProblem(t, await signInWith(auth, 'acme', provider, person('ada')), off, registration)
  }
  const auth = await authWithProviders(t, [{ ...acme, id: 'acme', registration: false }])
  isProblem(t, await signInWith(auth, 'acme', provider, person('ada')), off)
})

t.test('a provider may be limited to domains, and to claims', async (t) => {
  const limited = { id: 'acme', issuer: provider.issuer, domains: ['Example.com'] }
  const auth = await authWithProviders(t, [limited])
  const refused = {
    code: 'FORBIDDEN',
    detail: 'this provider signs in only users with a verified address of certain domains'
  } as const
  for (const email of ['a@sub.example.com', 'a@evilexample.com', 'a@example.com@evil.example']) {
    const answer = await signInWith(auth, 'acme', provider, person('x', { email }))
    isProblem(t, answer, refused, email)
  }
  const unverified = person('ada', { email_verified: false })
  isProblem(t, await signInWith(auth, 'acme', provider, unverified), refused)
  t.equal((await signInWith(auth, 'acme', provider, person('ada'))).statusCode, 200)

  const required = { id: 'acme', issuer: provider.issuer, require: { hd: ['example.com'] } }
  const strict = await authWithProviders(t, [required])
  t.equal((await visit(strict, 'acme', provider, person('eve'))).code, undefined)
  provider.behave({ claims: { hd: 'example.com' } })
  t.type((await visit(strict, 'acme', provider, person('eve'))).code, 'string')
  provider.behave({})
})
