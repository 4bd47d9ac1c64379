import {
  browser,
  browserMissing,
  type Fetched,
  fetchFrom,
  otherOrigin,
  ownPage,
  pageOf
} from '@gatehouse/fixtures/browser'
import { client, eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { flakyLink } from '@gatehouse/fixtures/flaky-link'
import { operator } from '@gatehouse/fixtures/operator'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import { decodeJwt } from 'jose'
import type { BrowserContext } from 'playwright-core'
import t from 'tap'
import { addAuthenticator, passkeyScript } from './fixtures/passkey-page.ts'

const password = 'correct horse battery'
const skip = browserMissing
const chromium = skip ? null : await browser(t)
const shared = skip ? null : await wholeSystem(t)
const friend = await otherOrigin(t, 'localhost')
const foreigner = await otherOrigin(t, '127.0.0.1')
const openFolder = dataFolder(t)
/** Pages of both may use its API, and those of the first one passkeys. */
const open = skip
  ? null
  : await wholeSystem(t, {
      ALLOWED_ORIGINS: `${friend} ${foreigner}`,
      AUTH_COOKIE_SAME_SITE: 'none',
      AUTH_PASSKEY_RP_ID: 'localhost',
      AUTH_PASSKEY_ORIGINS: friend,
      AUTH_SECOND_FACTOR_ROLES: 'auditor',
      GATEHOUSE_DATA_DIR: openFolder
    })

/** A browser without cookies, at a system with one more user, who signs in with a cookie. */
async function visit(email: string, system = shared) {
  if (chromium === null || system === null) throw new Error(String(skip))
  const { url } = system
  await client(url).register(email, password)
  const origin = url.replace('127.0.0.1', 'localhost')
  const context = await chromium.newContext()
  return { url, origin, context, withCookie: { email, password, delivery: 'cookie' } }
}

const status = (fetched: Fetched) => (fetched === 'blocked' ? fetched : fetched.status)
const cookies = async (context: BrowserContext) =>
  (await context.cookies()).filter(({ name }) => name === '__Host-refresh')

/** A script that posts a form, which any page may do to any address. */
const submitForm = (action: string) => `
  const form = document.createElement('form')
  Object.assign(form, { method: 'post', action: ${JSON.stringify(action)}, enctype: 'text/plain' })
  document.body.append(form)
  form.submit()`

t.test('a browser keeps the refresh token where no script can read it', { skip }, async (t) => {
  const { url, origin, context, withCookie } = await visit('reader@example.com')
  const page = await ownPage(context, origin)

  const login = await fetchFrom(page, '/auth/login', withCookie)

  t.match(login, { status: 200, body: { accessToken: String, session: { id: String } } })
  t.notMatch(login, { body: { refreshToken: String } }, 'the answer does not show it')
  t.equal(await page.evaluate('document.cookie'), '', 'nor does the page have it')
  const [cookie] = await cookies(context)
  t.match(cookie, {
    httpOnly: true,
    secure: true,
    sameSite: 'Strict',
    path: '/',
    domain: 'localhost'
  })

  const refreshed = await fetchFrom(page, '/auth/refresh-token')
  t.match(refreshed, { status: 200, body: { accessToken: String } }, 'a refresh needs no body')
  t.notMatch(refreshed, { body: { refreshToken: String } })
  const [rotated] = await cookies(context)
  t.not(rotated?.value, cookie?.value, 'and rotates the cookie')

  const token = refreshed === 'blocked' ? '' : String(refreshed.body?.accessToken)
  const { body: list } = await client(url).call('/auth/sessions', { token })
  t.match(
    list,
    { sessions: [{ label: 'Chrome on Linux', current: true }] },
    'the session is called what people call the browser'
  )

  t.equal(status(await fetchFrom(page, '/auth/logout')), 204)
  t.strictSame(await cookies(context), [], 'logging out takes the cookie away')
})

t.test('tabs that refresh at once all stay signed in', { skip }, async (t) => {
  const { url, context, withCookie } = await visit('tabs@example.com')
  const link = await flakyLink(t, Number(new URL(url).port))
  const origin = `http://localhost:${link.port}`
  const tabs = await Promise.all(Array.from({ length: 4 }, () => ownPage(context, origin)))
  const [first] = tabs
  if (first === undefined) throw new Error('no tab')
  await fetchFrom(first, '/auth/login', withCookie)

  for (let round = 0; round < 5; round += 1) {
    // Simultaneously: all tabs send this cookie before any of them has a response with the next
    // one.
    link.hold()
    const asked = tabs.map((tab) => fetchFrom(tab, '/auth/refresh-token'))
    await eventually(
      async () => link.held,
      (held) => held >= tabs.length,
      10_000
    )
    link.release()
    const answers = await Promise.all(asked)
    t.strictSame(answers.map(status), [200, 200, 200, 200], `round ${round + 1}`)
  }
})

t.test('a page of another site can read and change nothing', { skip }, async (t) => {
  const { origin, context, withCookie } = await visit('owner@example.com')
  const page = await ownPage(context, origin)
  await fetchFrom(page, '/auth/login', withCookie)
  const [before] = await cookies(context)
  const elsewhere = await otherOrigin(t, '127.0.0.1')
  const evil = await pageOf(context, elsewhere)

  for (const path of ['/auth/refresh-token', '/auth/logout', '/auth/login']) {
    const json = path === '/auth/login' ? withCookie : undefined
    t.equal(await fetchFrom(evil, `${origin}${path}`, json), 'blocked', `fetch ${path}`)
  }
  for (const path of ['/auth/refresh-token', '/auth/logout', '/auth/login']) {
    const page = await pageOf(context, elsewhere)
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.url() === `${origin}${path}`),
      page.evaluate(submitForm(`${origin}${path}`))
    ])
    t.equal(answer.status(), 403, `form ${path}`)
  }

  t.equal((await cookies(context))[0]?.value, before?.value, 'the cookie is untouched')
  t.equal(status(await fetchFrom(page, '/auth/refresh-token')), 200, 'and still works at home')
})

t.test('a page of an allowed origin can use the API after its preflight', { skip }, async (t) => {
  const { origin, context, withCookie } = await visit('friend@example.com', open)
  for (const [title, allowed] of Object.entries({
    'of this site': friend,
    'of another': foreigner
  })) {
    const page = await pageOf(context, allowed)
    t.equal(
      status(await fetchFrom(page, `${origin}/auth/login`, withCookie)),
      200,
      `${title} signs in`
    )
    t.equal(
      status(await fetchFrom(page, `${origin}/auth/refresh-token`)),
      200,
      `${title} refreshes`
    )
    t.equal(status(await fetchFrom(page, `${origin}/auth/refresh-token`)), 200, `${title}, again`)
  }

  const stranger = await pageOf(context, await otherOrigin(t, 'localhost'))
  const refused = await fetchFrom(stranger, `${origin}/auth/refresh-token`)
  t.equal(refused, 'blocked', 'another port of the same site is another origin')
})

t.test(
  'a page adds a passkey and signs in with it, as the documentation does',
  { skip },
  async (t) => {
    const { origin, url, context, withCookie } = await visit('passkey@example.com', open)
    const page = await pageOf(context, friend)
    // The application and the API have one origin, as behind a proxy.
    await page.route(`${friend}/auth/**`, (route) =>
      route.continue({ url: route.request().url().replace(friend, origin) })
    )
    await page.addScriptTag({ content: passkeyScript })
    await addAuthenticator(context, page)
    const { body: tokens } = await client(url).login(withCookie.email, withCookie.password)
    const call = (code: string) => page.evaluate(code) as Promise<Record<string, unknown>>

    const added = await call(`addPasskey('${tokens.accessToken}', 'Laptop')`)
    t.match(added, { factor: { type: 'passkey', name: 'Laptop' }, recoveryCodes: { length: 10 } })
    const again = call(`addPasskey('${tokens.accessToken}', 'Twice')`)
    await t.rejects(again, /InvalidStateError|already registered/, 'the browser excludes it')

    const opened = await call('signIn()')
    t.match(decodeJwt(String(opened.accessToken)), { acr: 'aal2', amr: ['hwk', 'user', 'mfa'] })
    t.equal((await cookies(context)).length, 1, 'the session is in the cookie')

    const { body: problem } = await client(url).login(withCookie.email, withCookie.password)
    t.match(problem, { code: 'FACTOR_REQUIRED', factors: ['passkey', 'recoveryCode'] })
    const answered = await call(`answer(${JSON.stringify(problem)})`)
    const amr = ['pwd', 'hwk', 'user', 'mfa']
    t.match(decodeJwt(String(answered.accessToken)), { acr: 'aal2', amr })

    // Another user, whose role demands a factor: the first login adds the passkey.
    const other = { email: 'first@example.com', password }
    await client(url).register(other.email, other.password)
    await operator(openFolder)(['users', 'roles', other.email, 'user', 'auditor'])
    const first = await client(url).call('/auth/login', { json: other })
    t.match(first.body, { code: 'FACTOR_REQUIRED', factors: [] })
    const enrolled = await call(`addAtLogin(${JSON.stringify(first.body.challenge)})`)
    t.match(enrolled, { recoveryCodes: { length: 10 }, session: { id: String } })
    t.match(decodeJwt(String(enrolled.accessToken)), { acr: 'aal2', amr })
  }
)
