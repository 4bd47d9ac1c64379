import t from 'tap'
import { authService, email, password, registered } from '../../fixtures/auth-service.ts'
import { ledTo, signedInVisitor, visitor } from './fixtures/visitor.ts'

const auth = await authService(t, { pages: 'on' })
const user = await registered(auth)
const wrong = 'not the password'

t.test('a user signs in with a form, and is led to the application', async (t) => {
  const ada = visitor(auth)
  const page = await ada.open('sign-in')
  t.match(page.headers, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'content-security-policy': /default-src 'none'.*frame-ancestors 'none'/
  })
  t.notMatch(page.headers['content-security-policy'], /unsafe/)

  const signedIn = await ada.send('sign-in', { email, password, returnTo: '' })
  t.equal(signedIn.statusCode, 200, 'form-action holds for the redirects that follow a form')
  t.match(signedIn.headers['content-security-policy'], "form-action 'self';")
  t.equal(ledTo(signedIn), 'http://localhost:3000/demo')
  t.ok(ada.cookies.has('__Host-refresh'))
  t.notMatch(ledTo(signedIn), /token|code/)

  const sessions = await ada.open('sessions')
  t.match(sessions.body, 'Firefox on Linux')
  t.match(sessions.body, 'This browser')
  t.equal(ledTo(await ada.open('sign-in')), 'http://localhost:3000/demo', 'led on')
})

t.test('an unknown address and a wrong password get the same page', async (t) => {
  const stranger = visitor(auth)
  await stranger.open('sign-in')
  const known = await stranger.send('sign-in', { email, password: wrong })
  const unknown = await stranger.send('sign-in', { email: 'eve@example.com', password: wrong })

  t.equal(known.statusCode, 401)
  t.equal(unknown.statusCode, 401)
  const text = (body: string) =>
    body.replaceAll(/value="[^"]*"/g, '').replaceAll(/eve@example.com|ada@example.com/g, '')
  t.equal(text(known.body), text(unknown.body))
  const rows = await auth.database
    .selectFrom('audit_events')
    .select('kind')
    .where('kind', '=', 'login-failed')
    .execute()
  t.ok(rows.length >= 2, 'both are recorded as by the JSON route')
})

t.test('a browser with an unusable form cookie gets another one', async (t) => {
  for (const value of ['', 'a', 'a'.repeat(25)]) {
    const ada = visitor(auth)
    const page = await ada.open('sign-in', { cookie: `__Host-form=${value}` })
    t.equal(page.statusCode, 200, value)
    const answer = await ada.send('sign-in', { email, password, returnTo: '' })
    t.equal(ledTo(answer), 'http://localhost:3000/demo', value)
  }
})

t.test('a browser without Fetch Metadata gets the form, whatever cookie it has', async (t) => {
  const headers = { cookie: '__Host-refresh=of-an-ended-session' }
  const page = await auth.service.inject({ url: '/pages/sign-in', headers })
  t.equal(page.statusCode, 200)
  t.match(page.body, 'name="password"')
})

t.test('what a user has typed is shown as text', async (t) => {
  const stranger = visitor(auth)
  await stranger.open('sign-in')
  const script = '"><script>alert(1)</script>@example.com'
  const { body } = await stranger.send('sign-in', { email: script, password: wrong })
  t.notMatch(body, '<script>alert')
  t.match(body, '&quot;>&lt;script>')
})

t.test('a form is refused unless this browser got it from a page of this origin', async (t) => {
  const fields = { email, password, returnTo: '' }
  const refused = async (
    change: (victim: ReturnType<typeof visitor>) => void | Promise<void>,
    { more = {}, headers = {} }: { more?: object; headers?: Record<string, string> } = {}
  ) => {
    const victim = visitor(auth)
    await victim.open('sign-in')
    await change(victim)
    const answer = await victim.send('sign-in', { ...fields, ...more }, headers)
    t.equal(answer.statusCode, 403)
    t.match(answer.body, 'The form has expired')
    t.notOk(victim.cookies.has('__Host-refresh'), 'nobody is signed in')
  }
  const unchanged = () => {}
  const attacker = visitor(auth)
  await attacker.open('sign-in')

  await refused(unchanged, { headers: { 'sec-fetch-site': 'cross-site' } })
  await refused(unchanged, { headers: { 'sec-fetch-site': 'same-site' } })
  await refused(unchanged, { headers: { 'sec-fetch-site': 'none' } })
  await refused(unchanged, { more: { formToken: '' } })
  await refused(unchanged, { more: { formToken: attacker.hidden('formToken') } })
  await refused((victim) => void victim.cookies.delete('__Host-form'))
})

t.test('a form of one session is refused in another one', async (t) => {
  const first = await signedInVisitor(auth, email, password)
  await first.open('sessions')
  const formToken = first.hidden('formToken')
  const second = await signedInVisitor(auth, email, password)
  second.cookies.set('__Host-form', first.cookies.get('__Host-form') ?? '')

  await second.open('sessions')
  const answer = await second.send('sign-out-everywhere', { formToken })

  t.equal(answer.statusCode, 403)
  t.equal((await second.open('account')).statusCode, 200)
})

t.test('a login leads only to pages of ours and of the application', async (t) => {
  const allowed = [
    'sessions',
    'http://localhost:3000/orders?page=2&name=%22;a=b',
    "https://app.example/a'b;url='c#d"
  ]
  const others = [
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example',
    'javascript:alert(1)',
    'http://localhost:3000@evil.example/',
    'https://app.example.evil.example/',
    'http://user@localhost:3000/',
    'sign-in',
    '../../echo',
    `http://localhost:3000/${'a'.repeat(3000)}`
  ]
  for (const returnTo of [...allowed, ...others]) {
    const ada = visitor(auth)
    await ada.open(`sign-in?${new URLSearchParams({ returnTo })}`)
    const answer = await ada.send('sign-in', { email, password, returnTo })
    const expected = allowed.includes(returnTo) ? returnTo : 'http://localhost:3000/demo'
    t.equal(ledTo(answer), expected, returnTo.slice(0, 60))
  }
})

t.test('a page for signed-in users leads others to the sign-in page', async (t) => {
  const stranger = visitor(auth)
  for (const page of ['account', 'sessions', 'factors', 'delete-account']) {
    const answer = await stranger.open(page)
    t.equal(answer.headers.location, `sign-in?returnTo=${page}`)
  }
  const forged = await stranger.open('account', {
    'x-auth-subject': user.id,
    'x-auth-session': 'session'
  })
  t.equal(forged.headers.location, 'sign-in?returnTo=account', 'a header signs nobody in')
})

t.test('a link of another origin opens a page through one of ours', async (t) => {
  const ada = await signedInVisitor(auth, email, password)
  const cookie = ada.cookies.get('__Host-refresh')
  for (const site of ['cross-site', 'same-site']) {
    const { body } = await ada.open('account', { 'sec-fetch-site': site })
    t.match(body, '<meta http-equiv="refresh" content="0;url=account"/>')
    const { body: toSignIn } = await ada.open('sign-in?returnTo=sessions', {
      'sec-fetch-site': site
    })
    t.match(toSignIn, 'content="0;url=sign-in?returnTo=sessions"')
  }
  t.equal(ada.cookies.get('__Host-refresh'), cookie, 'such a link refreshes no session')
  t.equal((await ada.open('account', { 'sec-fetch-site': 'none' })).statusCode, 200, 'typed')
})

t.test('signing out needs a form, and ends the session', async (t) => {
  const ada = await signedInVisitor(auth, email, password)
  const page = await ada.open('sign-out')
  t.match(page.body, 'Do you want to sign out')
  t.equal((await ada.open('account')).statusCode, 200, 'opening the page signs nobody out')

  await ada.open('sign-out')
  const answer = await ada.send('sign-out', {})
  t.equal(answer.headers.location, 'sign-in?notice=signedOut')
  t.notOk(ada.cookies.has('__Host-refresh'))
})

t.test('a spent refresh token ends the session on a page too', async (t) => {
  const ada = await signedInVisitor(auth, email, password)
  const stolen = ada.cookies.get('__Host-refresh') ?? ''
  for (let refresh = 0; refresh < 2; refresh += 1) {
    await ada.open('account')
    auth.clock.advance(60_000)
  }
  const thief = visitor(auth)
  thief.cookies.set('__Host-refresh', stolen)

  t.equal((await thief.open('account')).statusCode, 303)
  t.equal((await ada.open('account')).statusCode, 303, 'the session of both has ended')
})

t.test('pages are in the language of the browser, or in the chosen one', async (t) => {
  const ada = visitor(auth)
  t.match((await ada.open('sign-in', { 'accept-language': 'es-MX, en' })).body, 'Iniciar sesión')
  t.match((await ada.open('sign-in', { 'accept-language': 'fr' })).body, 'Sign in')
  t.match((await ada.open('sign-in?language=de')).body, '<html lang="de">')
  t.match((await ada.open('register')).body, 'Konto erstellen', 'the choice is kept')
  const told = await ada.open('sign-in?notice=signedOut&returnTo=sessions&language=en')
  t.match(told.body, 'href="sign-in?returnTo=sessions&amp;notice=signedOut&amp;language=es"')
})

t.test('without the setting, there are no pages', async (t) => {
  const other = await authService(t)
  t.equal((await other.get('/pages/sign-in')).statusCode, 404)
})
