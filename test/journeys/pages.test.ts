import { browser, browserMissing, otherOrigin } from '@gatehouse/fixtures/browser'
import { client } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { fakeProvider } from '@gatehouse/fixtures/fake-provider'
import { linkOfLetter } from '@gatehouse/fixtures/letters'
import { operator } from '@gatehouse/fixtures/operator'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import { freePort } from '@gatehouse/start/free-port'
import type { BrowserContextOptions } from 'playwright-core'
import t from 'tap'
import {
  inaccessible,
  isSignedIn,
  providersFile,
  signIn,
  visit as visitOf
} from './fixtures/page-visits.ts'
import { addAuthenticator } from './fixtures/passkey-page.ts'
import { signInWithProvider } from './fixtures/provider-pages.ts'

const password = 'correct horse battery'
const chosen = 'another horse battery'
const skip = browserMissing
const folder = dataFolder(t)
/** The links of e-mails, and passkeys, need the address before the system starts. */
const ownPort = { GATEWAY_PORT: String(await freePort()) }
const provider = await fakeProvider(t)
const AUTH_PROVIDERS_FILE = providersFile(dataFolder(t), provider.issuer)
const furtherApp = await otherOrigin(t, '127.0.0.1')
const app = await otherOrigin(t, 'localhost', `${furtherApp}/welcome`)
const [chromium, system] = skip
  ? [null, null]
  : await Promise.all([
      browser(t),
      wholeSystem(t, {
        GATEHOUSE_DATA_DIR: folder,
        AUTH_PROVIDERS_FILE,
        ALLOWED_ORIGINS: app,
        AUTH_SECOND_FACTOR_ROLES: 'keeper',
        ...ownPort
      })
    ])

/** A browser that looks at the pages. */
function visit(options: BrowserContextOptions = {}) {
  if (chromium === null || system === null) throw new Error(String(skip))
  return visitOf(chromium, system.url, options)
}

t.test('a user registers, adds a passkey, and signs in with it', { skip }, async (t) => {
  const { context, page, faults, at, open } = await visit()
  const email = 'ada@example.com'
  await addAuthenticator(context, page)
  await open('register')
  t.strictSame(await inaccessible(page), [], 'register')
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Create an account' }).click()
  await page.getByRole('status').waitFor()
  t.equal(new URL(page.url()).pathname, '/auth/pages/sign-in')
  t.strictSame(await inaccessible(page), [], 'sign-in')

  const [posted] = await Promise.all([
    page.waitForRequest((request) => request.method() === 'POST'),
    signIn(page, email, 'not the password')
  ])
  const { origin } = await posted.allHeaders()
  t.equal(origin, new URL(at('sign-in')).origin, 'as browsers without Fetch Metadata need it')
  await page.getByRole('alert').filter({ visible: true }).waitFor()
  t.strictSame(await inaccessible(page), [], 'sign-in with an error')
  await open('sign-in?returnTo=factors')
  await signIn(page, email, password)
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByText('Your browser will ask you').waitFor()
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor()
  t.strictSame(await inaccessible(page), [], 'recovery codes')
  await page.getByRole('link', { name: 'Continue' }).click()
  t.strictSame(await inaccessible(page), [], 'factors')

  for (const name of ['account', 'sessions', 'delete-account', 'sign-out']) {
    await open(name)
    t.strictSame(await inaccessible(page), [], name)
  }
  await page.getByRole('button', { name: 'Sign out' }).click()
  // This authenticator answers the suggestions of the form for the password at once.
  await page.waitForURL(/\/demo\//)
  t.equal(await isSignedIn(context), true)

  await open('confirm?returnTo=sessions')
  t.strictSame(await inaccessible(page), [], 'confirm')
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await page.waitForURL(at('sessions'))
  t.ok(await page.getByText('This browser').isVisible())

  await page.addInitScript('delete window.PublicKeyCredential')
  await open('factors')
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByText('This browser has no passkeys.').waitFor()
  t.equal(await page.getByRole('button').count(), 0, 'without passkeys, no button asks for one')
  t.strictSame(faults, [], 'nothing breaks the policy of the pages')
})

t.test('a user who must have a second factor adds a passkey at the login', { skip }, async (t) => {
  const { context, page, faults, at, open } = await visit()
  const email = 'hal@example.com'
  await addAuthenticator(context, page)
  await operator(folder)(
    ['users', 'create', email, '--role', 'keeper', '--password-stdin', '--json'],
    password
  )
  await open('sign-in?returnTo=factors')
  await signIn(page, email, password)
  await page.getByRole('heading', { name: 'Add a second factor' }).waitFor()
  t.strictSame(await inaccessible(page), [], 'first factor')
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByText('Your browser will ask you').waitFor()
  t.equal(await isSignedIn(context), false)
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor()
  await page.getByRole('link', { name: 'Continue' }).click()
  await page.waitForURL(at('factors'))
  t.equal(await page.locator('.cards > li').count(), 1)
  t.strictSame(faults, [])
})

t.test('the link of an e-mail sets a password, and leaves no trace', { skip }, async (t) => {
  const { page, faults, open, at } = await visit({ locale: 'de-AT' })
  const email = 'ben@example.com'
  await client(system?.url ?? '').register(email, password)
  await open('forgot-password')
  t.strictSame(await inaccessible(page), [], 'forgot-password')
  await page.getByLabel('E-Mail-Adresse').fill(email)
  await page.getByRole('button', { name: 'Link senden' }).click()
  await page.getByRole('heading', { name: 'Sehen Sie in Ihrem Postfach nach' }).waitFor()

  const link = await linkOfLetter(folder, 'password-reset', email)
  t.equal(`${link.origin}${link.pathname}`, at('reset-password'))
  await page.goto(link.href)
  t.equal(page.url(), at('reset-password'), 'the token is not in the address')
  t.equal(await page.getByLabel('Link aus der E-Mail').isVisible(), false)
  t.strictSame(await inaccessible(page), [], 'reset-password')
  await page.getByRole('link', { name: 'English' }).click()
  await page.getByLabel('New password').fill(chosen)
  await page.getByRole('button', { name: 'Set the password' }).click()
  await page.getByText('Your new password is set.').waitFor()
  t.strictSame(faults, [])
})

t.test('a user signs in with another provider, and cannot lose it', { skip }, async (t) =>
  signInWithProvider(t, { visitor: await visit(), provider })
)

t.test('a login leads to an application that redirects to another origin', { skip }, async (t) => {
  const { context, page, faults, open } = await visit()
  const email = 'gil@example.com'
  await client(system?.url ?? '').register(email, password)
  const returnTo = encodeURIComponent(`${app}/`)
  await open(`sign-in?returnTo=${returnTo}`)
  await signIn(page, email, password)
  await page.waitForURL(`${furtherApp}/welcome`)
  t.equal(await isSignedIn(context), true)
  t.strictSame(faults, [])

  await open(`sign-in?returnTo=${returnTo}`)
  await page.waitForURL(`${furtherApp}/welcome`)
})

t.test('without scripts, users sign in and set a password', { skip }, async (t) => {
  const { context, page, open, at } = await visit({ javaScriptEnabled: false })
  const email = 'cleo@example.com'
  await client(system?.url ?? '').register(email, password)
  await open('forgot-password')
  await page.getByLabel('E-mail address').fill(email)
  await page.getByRole('button', { name: 'Send the link' }).click()
  const link = await linkOfLetter(folder, 'password-reset', email)
  await page.goto(link.href)
  await page.getByLabel('Link from the e-mail').fill(link.href)
  await page.getByLabel('New password').fill(chosen)
  await page.getByRole('button', { name: 'Set the password' }).click()
  await signIn(page, email, chosen)
  await page.waitForURL(/\/demo/)
  t.equal(await isSignedIn(context), true)

  await open('sessions')
  await page.getByRole('button', { name: 'Sign out everywhere' }).click()
  await page.waitForURL(at('sign-in?notice=signedOut'))
  t.equal(await isSignedIn(context), false)
})

t.test('pages of another site can neither frame a page nor send its forms', { skip }, async (t) => {
  const { context, page, at } = await visit()
  const email = 'dora@example.com'
  await client(system?.url ?? '').register(email, password)
  await page.route('http://evil.example/', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<iframe src="${at('sign-in')}"></iframe>
        <form method="post" action="${at('sign-in')}">
          <input name="email" value="${email}"><input name="password" value="${password}">
        </form>`
    })
  )
  await page.goto('http://evil.example/')
  const [, frame] = page.frames()
  t.notMatch(await frame?.content(), 'Sign in', 'the frame stays empty')

  await page.evaluate('document.forms[0].submit()')
  await page.getByText('The form has expired').waitFor()
  t.equal(await isSignedIn(context), false, 'nobody is signed in to the account of the attacker')
})
