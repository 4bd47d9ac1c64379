import { fakeProvider } from '@gatehouse/fixtures/fake-provider'
import { decodeJwt } from 'jose'
import t from 'tap'
import { login, registered } from '../fixtures/auth-service.ts'
import { databaseKinds } from '../fixtures/database/databases.ts'
import { isProblem } from '../fixtures/problem.ts'
import { kindsOf, linked, person } from '../fixtures/providers/acme-people.ts'
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
        accounts.map((headers) => linked(auth, headers, provider, person('shared')))
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
