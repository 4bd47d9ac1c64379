import { shownCode } from '@gatehouse/fixtures/authenticator'
import t from 'tap'
import { authService, email, password, registered } from '../../fixtures/auth-service.ts'
import { signedInVisitor, visitor } from './fixtures/visitor.ts'

const auth = await authService(t, { pages: 'on', pagesRecentSeconds: 600 })
await registered(auth)
const chosen = 'another horse battery'
const secretOf = (body: string) => />([A-Z2-7]{32})</.exec(body)?.[1] ?? ''

t.test('a user adds an authenticator app, signs in with it, and removes it', async (t) => {
  const ada = await signedInVisitor(auth, email, password)
  await ada.open('factors')
  const page = await ada.send('factor-totp', { 'totp-name': '<b>Phone</b>' })
  const secret = secretOf(page.body)
  t.match(page.body, 'src="data:image/png;base64,')
  const id = ada.hidden('id')
  const wrong = await ada.send('factor-totp-confirm', { id, totp: '000 000' })
  t.match(wrong.body, 'The code is wrong')
  const totp = shownCode(secret, auth.clock())
  const added = await ada.send('factor-totp-confirm', { id, totp })
  t.match(added.body, 'Your recovery codes')
  const [, code = ''] = /<code>([^<]+)<\/code>/.exec(added.body) ?? []
  t.match((await ada.open('factors')).body, '&lt;b>Phone&lt;/b>')
  const renamed = await ada.send('factor-rename', { id, name: 'Old phone' })
  t.equal(renamed.headers.location, 'factors?notice=factorRenamed')
  t.match((await ada.open('factors')).body, 'Old phone')

  const again = visitor(auth)
  await again.open('sign-in?returnTo=factors')
  const asked = await again.send('sign-in', { email, password, returnTo: 'factors' })
  t.match(asked.body, 'Your account has a second factor')
  t.notOk(again.cookies.has('__Host-refresh'))
  const fields = { challenge: again.hidden('challenge'), returnTo: again.hidden('returnTo') }
  for (const proof of [{ totp: '12345' }, { passkey: '{}' }]) {
    const malformed = await again.send('sign-in-factor', { ...fields, ...proof })
    t.match(malformed.body, /not a complete code|did not provide a passkey/)
    t.match(malformed.body, 'Your account has a second factor', 'it can be sent again')
  }
  const failed = await again.send('sign-in-factor', { ...fields, totp: '000000' })
  t.equal(failed.statusCode, 401)
  const entered = await again.send('sign-in-factor', { ...fields, recoveryCode: code })
  t.equal(entered.headers.location, 'factors')

  auth.clock.advance(30_000)
  await again.open('factors')
  const removed = await again.send('factor-remove', { id })
  t.equal(removed.headers.location, 'factors?notice=factorRemoved')
})

t.test('a change that needs a recent login asks for a proof first', async (t) => {
  const ada = await signedInVisitor(auth, email, password)
  auth.clock.advance(601_000)
  await ada.open('factors')
  const asked = await ada.send('factor-totp', { 'totp-name': 'Phone' })
  t.equal(asked.headers.location, 'confirm?returnTo=factors')

  await ada.open('confirm?returnTo=factors')
  const wrong = await ada.send('confirm', { returnTo: 'factors', password: 'wrong password' })
  t.equal(wrong.statusCode, 401)
  t.match(wrong.body, 'The password is wrong')
  const proved = await ada.send('confirm', { returnTo: 'factors', password })
  t.equal(proved.headers.location, 'factors')
  await ada.open('factors')
  t.equal((await ada.send('factor-totp', { 'totp-name': 'Phone' })).statusCode, 200)
})

t.test('a user ends other sessions', async (t) => {
  const [ada, other] = [
    await signedInVisitor(auth, email, password),
    await signedInVisitor(auth, email, password)
  ]
  await ada.open('sessions')
  const answer = await ada.send('sessions-end-others', {})
  t.equal(answer.headers.location, 'sessions?notice=sessionEnded')
  t.equal((await other.open('account')).statusCode, 303)
  t.equal((await ada.open('account')).statusCode, 200)

  const foreign = await ada.send('sessions-end', { id: '../account' })
  t.equal(foreign.headers.location, 'sessions?notice=sessionEnded')
  t.equal((await ada.open('account')).statusCode, 200, 'an id is no path')
})

t.test('a user changes the password, and the browser stays signed in', async (t) => {
  const ada = await signedInVisitor(auth, email, password)
  await ada.open('account')
  const wrong = await ada.send('change-password', { currentPassword: 'no', newPassword: chosen })
  t.match(wrong.body, 'The password is wrong')
  const weak = await ada.send('change-password', {
    currentPassword: password,
    newPassword: 'password123'
  })
  t.match(weak.body, 'Choose another password')
  const changed = await ada.send('change-password', {
    currentPassword: password,
    newPassword: chosen
  })
  t.equal(changed.headers.location, 'account?notice=passwordChanged')
  t.match((await ada.open('account?notice=passwordChanged')).body, 'Your password has been changed')
})

t.test('a user downloads the data of the account, and deletes it', async (t) => {
  const ada = await signedInVisitor(auth, email, chosen)
  await ada.open('account')
  const file = await ada.send('export', {})
  t.match(file.headers, {
    'content-type': 'application/json',
    'content-disposition': 'attachment; filename="account.json"'
  })
  t.match(file.json(), { user: { email } })

  await ada.open('delete-account')
  const deleted = await ada.send('delete-account', {})
  t.match(deleted.body, 'Your account will be deleted')
  t.match(deleted.body, /It will be deleted on .* UTC\. Sign in before then/)
  t.equal((await ada.open('account')).statusCode, 303)
  t.equal(
    (await signedInVisitor(auth, email, chosen)).cookies.has('__Host-refresh'),
    true,
    'signing in keeps the account'
  )
})

t.test('an account that must have a factor adds it at its login', async (t) => {
  const strict = await authService(t, { pages: 'on', secondFactor: 'required' })
  await registered(strict)
  const ada = visitor(strict)
  await ada.open('sign-in')
  const asked = await ada.send('sign-in', { email, password, returnTo: 'sessions' })
  const fields = {
    challenge: ada.hidden('challenge'),
    returnTo: ada.hidden('returnTo'),
    firstFactor: ada.hidden('firstFactor')
  }
  const malformed = await ada.send('sign-in-factor', { ...fields, totp: '12345' })
  t.match(malformed.body, 'This is not a complete code.')
  t.match(malformed.body, 'Add a second factor')
  const wrong = await ada.send('sign-in-factor', { ...fields, totp: '000000' })
  t.match(wrong.body, 'The code is wrong')

  const totp = shownCode(secretOf(asked.body), strict.clock())
  const added = await ada.send('sign-in-factor', { ...fields, totp })
  t.match(added.body, 'Your recovery codes')
  t.match(added.body, 'href="sessions"')
  await ada.open('register')
  const used = await ada.send('sign-in-factor', { ...fields, totp })
  t.match(used.body, 'Sign in again.')
  t.match(used.body, 'name="password"', 'the login begins again')
})
