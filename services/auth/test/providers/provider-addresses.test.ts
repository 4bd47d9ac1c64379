import { fakeProvider, type Person } from '@gatehouse/fixtures/fake-provider'
import { decodeJwt } from 'jose'
import t from 'tap'
import { login, registered } from '../fixtures/auth-service.ts'
import { isProblem } from '../fixtures/problem.ts'
import {
  authWithProviders,
  begin,
  callback,
  returned,
  signInWith,
  visit
} from '../fixtures/providers/provider-login.ts'
import { headersOf } from '../fixtures/second-factor.ts'

const provider = await fakeProvider(t)
const entries = [{ id: 'acme', issuer: provider.issuer }]
const person = (name: string, more: Partial<Person> = {}): Person => ({
  sub: `sub of ${name}`,
  email: `${name}@example.com`,
  email_verified: true,
  ...more
})

t.test('an impossible address is not stored, and the login continues', async (t) => {
  const auth = await authWithProviders(t, entries)
  const ada = await signInWith(auth, 'acme', provider, person('ada'))
  const user = { id: String(decodeJwt(ada.json().accessToken).sub) }
  const headers = await headersOf(auth, user, ada.json())
  for (const email of ['b'.repeat(200_000), 'a\u0000@example.com', '\u001B[31m@example.com']) {
    t.equal((await signInWith(auth, 'acme', provider, person('ada', { email }))).statusCode, 200)
    const [identity] = (await auth.get('/identities', headers)).json().identities
    t.equal(identity.email, null)
  }
  const { location, browser } = await begin(auth, 'acme')
  const stranger = person('a stranger', { sub: 'a\u0000' })
  const answer = await callback(auth, 'acme', provider.authorize(location, stranger), browser)
  t.match(returned(answer), { error: 'invalid' })
})

t.test('a provider that signs in users of other domains only is not linked', async (t) => {
  const auth = await authWithProviders(t, [{ ...entries[0], id: 'acme', domains: ['acme.test'] }])
  const user = await registered(auth, 'ada@example.com')
  const headers = await headersOf(auth, user, await login(auth, 'ada@example.com'))
  const linked = async (who: Person) => {
    const { code, verifier } = await visit(auth, 'acme', provider, who)
    return await auth.post('/identities', { code, codeVerifier: verifier }, headers)
  }
  isProblem(t, await linked(person('ada')), {
    code: 'FORBIDDEN',
    detail: 'this provider signs in only users with a verified address of certain domains'
  })
  const employee = person('ada', { email: 'ada@acme.test' })
  t.equal((await linked(employee)).statusCode, 201)
})
