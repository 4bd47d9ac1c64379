import { fakeProvider, type Person } from '@gatehouse/fixtures/fake-provider'
import t from 'tap'
import type { Answer } from '../../fixtures/auth-service.ts'
import { authWithProviders } from '../../fixtures/providers/provider-login.ts'
import { providerVisits } from './fixtures/provider-visits.ts'
import { ledTo, visitor } from './fixtures/visitor.ts'

const provider = await fakeProvider(t)
// A provider that cannot ask again opens another session instead.
const auth = await authWithProviders(
  t,
  [{ id: 'acme', issuer: provider.issuer, reauthentication: false }],
  { pages: 'on' }
)
const { atProvider, leave, signInWith } = providerVisits(auth, provider)
const person = (name: string): Person => ({
  sub: name,
  email: `${name}@example.com`,
  email_verified: true
})

t.test('a login at a provider is about the account that began it', async (t) => {
  const { user: hal } = await signInWith(t, person('hal'))
  await hal.open('account')
  const left = await hal.send('provider-link', { provider: 'acme' })
  const fields = await atProvider(t, hal, left, person('his other one'))
  // Somebody else signs in in the same browser before he comes back.
  const { user: ivy } = await signInWith(t, person('ivy'))
  hal.cookies.set('__Host-refresh', ivy.cookies.get('__Host-refresh') ?? '')
  await hal.open('complete-sign-in')
  const linked = await hal.send('provider-linked', fields)
  t.equal(linked.statusCode, 400, 'his account at the provider does not open hers')
  const mine = await auth.database
    .selectFrom('identities')
    .select('provider_subject')
    .where('provider_subject', '=', 'his other one')
    .execute()
  t.strictSame(mine, [])
})

t.test('a change of one account is not confirmed by a login of another', async (t) => {
  const user = visitor(auth)
  const back = async (left: Answer, who: Person) => {
    const fields = await atProvider(t, user, left, who)
    await user.open('complete-sign-in')
    return user.send('complete-sign-in', fields)
  }
  await back(await leave(user), person('jo'))
  const confirm = async (who: Person) => {
    await user.open('confirm?returnTo=delete-account')
    const [returnTo, account] = [user.hidden('returnTo'), user.hidden('account')]
    const form = { provider: 'acme', returnTo, account }
    return ledTo(await back(await user.send('sign-in-provider', form), who))
  }
  t.equal(await confirm(person('jo')), 'delete-account')
  t.match((await user.open('delete-account')).body, '<dd>jo@example.com</dd>')
  t.equal(await confirm(person('kim')), 'account', 'which shows whose account it is')
})

t.test('the browser keeps a login, wherever it is to return', async (t) => {
  for (const path of ['日'.repeat(1000), 'x'.repeat(2000), 'x'.repeat(9000)]) {
    const user = visitor(auth)
    await leave(user, `http://localhost:3000/${path}`)
    const kept = user.cookies.get('__Host-page-login') ?? ''
    t.ok(kept !== '' && `__Host-page-login=${kept}`.length <= 4096, `${kept.length}`)
  }
})
