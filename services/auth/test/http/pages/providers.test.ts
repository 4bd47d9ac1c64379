import { shownCode } from '@gatehouse/fixtures/authenticator'
import { fakeProvider, type Person } from '@gatehouse/fixtures/fake-provider'
import t from 'tap'
import { email, password, registered } from '../../fixtures/auth-service.ts'
import { authWithProviders } from '../../fixtures/providers/provider-login.ts'
import { elsewhere, providerVisits } from './fixtures/provider-visits.ts'
import { ledTo, signedInVisitor, visitor } from './fixtures/visitor.ts'

const provider = await fakeProvider(t)
const auth = await authWithProviders(
  t,
  [
    { id: 'acme', name: 'Acme <Inc>', issuer: provider.issuer },
    { id: 'other', name: 'Other', issuer: 'http://127.0.0.1:1', reauthentication: false }
  ],
  { pages: 'on' }
)
await registered(auth)
const person = (name: string): Person => ({
  sub: name,
  email: `${name}@example.com`,
  email_verified: true
})
const ada = { sub: 'ada', email, email_verified: true }
const { atProvider, leave, signInWith } = providerVisits(auth, provider)

t.test('a person signs in with a provider, and comes to the wanted page', async (t) => {
  const page = await visitor(auth).open('sign-in')
  t.match(page.body, 'Sign in with Acme &lt;Inc>')
  const { user, fields, kept, answer } = await signInWith(t, person('eve'), 'sessions')
  t.equal(answer.statusCode, 303)
  t.equal(answer.headers.location, 'sessions')
  t.ok(user.cookies.has('__Host-refresh'))
  t.notOk(user.cookies.has('__Host-page-login'), 'the verifier is forgotten')
  t.match((await user.open('account')).body, 'eve@example.com')

  const other = visitor(auth)
  other.cookies.set('__Host-page-login', kept)
  await other.open('complete-sign-in')
  t.equal((await other.send('complete-sign-in', fields)).statusCode, 401, 'a code works once')
  const { answer: evil } = await signInWith(t, person('eve'), 'https://evil.example/')
  t.equal(ledTo(evil), 'http://localhost:3000/demo')
})

t.test('a code opens no session in another browser, nor without the form', async (t) => {
  const attacker = visitor(auth)
  const { code } = await atProvider(t, attacker, await leave(attacker), person('mallory'))
  const victim = visitor(auth)
  await leave(victim)
  await victim.open('complete-sign-in')
  const answer = await victim.send('complete-sign-in', { code, error: '' })
  t.equal(answer.statusCode, 401)
  t.match(answer.body, 'That took too long. Begin again.')
  t.notOk(victim.cookies.has('__Host-refresh'))

  const forged = await attacker.send('complete-sign-in', { code, error: '', formToken: '' })
  t.equal(forged.statusCode, 403)
  t.match((await attacker.open('complete-sign-in', elsewhere)).body, 'content="0;url=sign-in"')
  const late = await visitor(auth).open('complete-sign-in')
  t.equal(late.headers.location, 'sign-in?notice=providerExpired')
})

t.test('a user signs in, links a provider, signs in with it, and unlinks it', async (t) => {
  const { answer: refused } = await signInWith(t, ada)
  t.equal(refused.statusCode, 409)
  t.match(refused.body, 'link the provider on the page “Account”')

  const user = await signedInVisitor(auth, email, password)
  t.match((await user.open('account')).body, 'No provider is linked yet.')
  const left = await user.send('provider-link', { provider: 'acme' })
  const fields = await atProvider(t, user, left, ada)
  await user.open('complete-sign-in')
  const linked = await user.send('provider-linked', fields)
  t.equal(linked.headers.location, 'account?notice=providerLinked')
  const account = await user.open('account?notice=providerLinked')
  t.match(account.body, 'The provider is linked.')
  t.notMatch(account.body, 'Link Acme', 'it can be linked once')
  const id = user.hidden('id')

  t.equal((await signInWith(t, ada, 'account')).answer.headers.location, 'account')
  await user.open('factors')
  const added = await user.send('factor-totp', { 'totp-name': 'Phone' })
  const [, secret = ''] = />([A-Z2-7]{32})</.exec(added.body) ?? []
  const totp = shownCode(secret, auth.clock())
  await user.send('factor-totp-confirm', { id: user.hidden('id'), totp })
  const { answer: asked, user: second } = await signInWith(t, ada, 'factors')
  t.match(asked.body, 'Your account has a second factor')
  t.notOk(second.cookies.has('__Host-refresh'))

  await user.open('account')
  const unlinked = await user.send('provider-unlink', { id })
  t.equal(unlinked.headers.location, 'account?notice=providerUnlinked')
  t.match((await user.open('account')).body, 'Link Acme')
})

t.test('the only way to sign in stays, and changes need a recent login', async (t) => {
  const { user } = await signInWith(t, person('fay'))
  await user.open('account')
  const id = user.hidden('id')
  const refused = await user.send('provider-unlink', { id })
  t.equal(refused.statusCode, 409)
  t.match(refused.body, 'You could no longer sign in without it.')
  const account = await user.open('account')
  t.match(account.body, 'Your account has no password.')
  t.notMatch(account.body, 'name="currentPassword"')
  auth.clock.advance(901_000)
  await user.open('account')
  const old = await user.send('provider-unlink', { id })
  t.equal(old.headers.location, 'confirm?returnTo=account')
  const proof = await user.open('confirm?returnTo=account')
  t.match(proof.body, 'Your account has no password. Sign in again')
  t.notMatch(proof.body, 'name="password"')
  t.match(proof.body, 'Sign in with Acme')
  t.notMatch(proof.body, 'Sign in with Other', 'only the linked provider')
})

t.test('a user without a password confirms with a new login at the provider', async (t) => {
  const { user } = await signInWith(t, person('gus'))
  const sessions = async () =>
    (await auth.database.selectFrom('sessions').select('sid').execute()).length
  const before = await sessions()
  /** Everything up to the answer of the last form. */
  const confirm = async (who: Person) => {
    await user.open('confirm?returnTo=sessions')
    const fields = { provider: 'acme', returnTo: 'sessions' }
    const left = await user.send('provider-confirm', fields)
    t.match(ledTo(left), 'prompt=login')
    const came = await atProvider(t, user, left, who)
    await user.open('complete-sign-in')
    return user.send('provider-confirmed', came)
  }
  auth.clock.advance(901_000)
  const wrong = await confirm(person('stranger'))
  t.equal(wrong.statusCode, 401)
  t.match(wrong.body, 'The response of the provider could not be accepted.')
  t.equal((await confirm(person('gus'))).headers.location, 'sessions')
  await user.open('account')
  const id = user.hidden('id')
  t.equal((await user.send('provider-unlink', { id })).statusCode, 409, 'the login is recent')
  t.equal(await sessions(), before, 'in the same session')

  await user.open('confirm')
  const silent = await user.send('provider-confirm', { provider: 'other', returnTo: '' })
  t.equal(silent.statusCode, 404, 'that provider cannot ask again')
  await user.open('confirm')
  await user.send('provider-confirm', { provider: 'acme', returnTo: '' })
  await user.open('complete-sign-in')
  const denied = await user.send('provider-confirmed', { code: '', error: 'denied' })
  t.equal(denied.statusCode, 400)
  t.match(denied.body, 'The login was cancelled')
})

t.test('a login that has failed at the provider says why', async (t) => {
  for (const [error, text] of [
    ['denied', 'the provider did not allow it'],
    ['expired', 'That took too long'],
    ['unavailable', 'The provider is not available'],
    ['invalid', 'could not be accepted'],
    ['constructor', 'could not be accepted']
  ] as const) {
    const user = visitor(auth)
    await leave(user, 'sessions')
    await user.open('complete-sign-in')
    const answer = await user.send('complete-sign-in', { code: '', error })
    t.match(answer.body, text)
    t.equal(user.hidden('returnTo'), 'sessions', 'the next attempt leads there too')
  }
  const user = visitor(auth)
  await user.open('sign-in')
  const unknown = await user.send('sign-in-provider', { provider: '../evil', returnTo: '' })
  t.equal(unknown.statusCode, 404)
})
