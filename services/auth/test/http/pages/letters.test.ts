import t from 'tap'
import { authService, email, password, registered } from '../../fixtures/auth-service.ts'
import { memoryTransport, tokenOf } from '../../fixtures/mail/mail-instance.ts'
import { visitor } from './fixtures/visitor.ts'

const transport = memoryTransport()
const auth = await authService(t, {
  pages: 'on',
  emailVerification: 'optional',
  mail: { transport, appUrl: 'https://issuer.example/auth/pages' }
})
const chosen = 'another horse battery'

/** The newest letter. */
async function letter() {
  await auth.mail.deliverer.idle()
  const sent = transport.sent.at(-1)
  if (sent === undefined) throw new Error('no letter')
  return sent
}

t.test('a user registers, verifies the address, and signs in', async (t) => {
  const ada = visitor(auth)
  await ada.open('register')
  const refused = await ada.send('register', { email, password: 'password123' })
  t.equal(refused.statusCode, 400)
  t.match(refused.body, 'Choose another password')

  const answer = await ada.send('register', { email, password })
  t.equal(answer.headers.location, 'sign-in?notice=registered')
  const { link } = await letter()
  t.match(link, /^https:\/\/issuer\.example\/auth\/pages\/verify-email#token=/)

  await ada.open('verify-email')
  await ada.open('verify-email', { purpose: 'prefetch' })
  const verified = await ada.send('verify-email', { token: link })
  t.equal(verified.headers.location, 'sign-in?notice=verified', 'the same browser has asked for it')
  await ada.open('sign-in')
  await ada.send('sign-in', { email, password })
  t.ok(ada.cookies.has('__Host-refresh'))

  const again = visitor(auth)
  await again.open('verify-email')
  const used = await again.send('verify-email', { token: link })
  t.equal(used.statusCode, 403)
  t.match(used.body, 'The link is not valid')
})

t.test('another browser that opens the link chooses a new password', async (t) => {
  const stranger = visitor(auth)
  await stranger.open('register')
  await stranger.send('register', { email: 'ben@example.com', password })
  const owner = visitor(auth)
  await owner.open('verify-email')
  owner.cookies.set('__Host-page-secret', 'a'.repeat(200))

  const page = await owner.send('verify-email', { token: tokenOf(await letter()) })
  t.equal(page.statusCode, 200)
  const set = await owner.send('reset-password', {
    token: owner.hidden('token'),
    newPassword: chosen
  })

  t.equal(set.headers.location, 'sign-in?notice=passwordSet')
  await owner.open('sign-in')
  const signIn = (text: string) =>
    owner.send('sign-in', { email: 'ben@example.com', password: text })
  t.equal((await signIn(password)).statusCode, 401, 'the password of the stranger is gone')
  t.equal((await signIn(chosen)).statusCode, 200)
})

t.test('with a further letter, only the browser that registered keeps the password', async (t) => {
  const register = async (who: string) => {
    const browser = visitor(auth)
    await browser.open('register')
    await browser.send('register', { email: who, password })
    await letter()
    return browser
  }
  const verifyAgain = async (browser: ReturnType<typeof visitor>, who: string) => {
    await browser.open('verify-email')
    t.equal((await browser.send('verify-email-send', { email: who })).statusCode, 200)
    const token = tokenOf(await letter())
    await browser.open('verify-email')
    return await browser.send('verify-email', { token })
  }
  const kept = await verifyAgain(await register('eve@example.com'), 'eve@example.com')
  t.equal(kept.headers.location, 'sign-in?notice=verified')

  const stranger = await register('finn@example.com')
  const page = await verifyAgain(visitor(auth), 'finn@example.com')
  t.match(page.body, 'Choose a new password')
  await stranger.open('sign-in')
  const signIn = await stranger.send('sign-in', { email: 'finn@example.com', password })
  t.equal(signIn.statusCode, 401)
})

t.test('a forgotten password is replaced with a link, which works once', async (t) => {
  await registered(auth, 'cleo@example.com')
  const cleo = visitor(auth)
  await cleo.open('forgot-password')
  const known = await cleo.send('forgot-password', { email: 'cleo@example.com' })
  const { link } = await letter()
  await cleo.open('forgot-password')
  const unknown = await cleo.send('forgot-password', { email: 'nobody@example.com' })
  t.equal(known.statusCode, 200)
  const text = (body: string) => body.replaceAll(/cleo|nobody/g, '')
  t.equal(text(known.body), text(unknown.body), 'every address gets the same page')

  await cleo.open('reset-password')
  const weak = await cleo.send('reset-password', { token: link, newPassword: '12345678' })
  t.equal(weak.statusCode, 400)
  const token = cleo.hidden('token')
  t.equal(token, link.split('#token=')[1], 'the page keeps the token, and the link still works')
  const set = await cleo.send('reset-password', { token, newPassword: chosen })
  t.equal(set.headers.location, 'sign-in?notice=passwordSet')
  await cleo.open('reset-password')
  t.equal((await cleo.send('reset-password', { token, newPassword: chosen })).statusCode, 403)
})

t.test('links to change and to restore an address work on their pages', async (t) => {
  const user = await registered(auth, 'dora@example.com')
  await auth.database
    .updateTable('accounts')
    .set({ email_verified_at: 1 })
    .where('id', '=', user.id)
    .execute()
  const dora = visitor(auth)
  await dora.open('sign-in')
  await dora.send('sign-in', { email: 'dora@example.com', password })
  await dora.open('account')
  const asked = await dora.send('change-email', { newEmail: 'dora@new.example' })
  t.equal(asked.headers.location, 'account?notice=emailAsked')
  const confirming = await letter()
  t.equal(confirming.to, 'dora@new.example')

  await dora.open('confirm-email')
  const confirmed = await dora.send('confirm-email', { token: tokenOf(confirming) })
  t.equal(confirmed.statusCode, 303)
  const told = await dora.open(String(confirmed.headers.location))
  t.match(told.body, 'Your account now uses the new address.', 'a signed-in user sees it too')
  t.match(told.body, 'href="http://localhost:3000/demo"')
  t.match((await dora.open('account')).body, 'dora@new.example')

  await letter()
  const undo = transport.sent.findLast(({ letter: name }) => name === 'email-changed')
  await dora.open('undo-email')
  const page = await dora.send('undo-email', { token: undo?.link ?? '' })
  t.match(page.body, 'Choose a new password')
  t.equal((await dora.open('account')).statusCode, 303, 'every session has ended')
})

t.test('no page has the token of a letter in its address, or passes it on', async (t) => {
  const pages = ['reset-password', 'verify-email', 'confirm-email', 'undo-email']
  for (const page of pages) {
    const { headers, body } = await visitor(auth).open(`${page}?token=secret-in-the-query`)
    t.equal(headers['referrer-policy'], 'same-origin')
    t.notMatch(body, 'secret-in-the-query')
  }
})
