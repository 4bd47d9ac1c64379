import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { shownCode } from '@gatehouse/fixtures/authenticator'
import { otherOrigin } from '@gatehouse/fixtures/browser'
import { authority } from '@gatehouse/fixtures/certificates'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { fakeProvider } from '@gatehouse/fixtures/fake-provider'
import { linkOfLetter } from '@gatehouse/fixtures/letters'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import { freePort } from '@gatehouse/start/free-port'
import t from 'tap'
import { firefox } from './firefox.ts'
import { person } from './person.ts'
import { webkit } from './webkit.ts'

/**
 * Walks through the pages for users in Firefox or in WebKitGTK, from the root of the repository:
 *
 *     export TAP_TIMEOUT=0
 *     node test/journeys/other-browsers/walk.ts firefox firefox-esr
 *     xvfb-run node test/journeys/other-browsers/walk.ts webkit WebKitWebDriver /path/to/MiniBrowser
 *
 * It is no test of the suite, because few machines have these browsers. With the variable PICTURES,
 * it saves a picture of each page to that folder.
 */
const [, , kind, program = '', browserProgram = ''] = process.argv
const pictures = process.env.PICTURES ?? null
if (pictures !== null) mkdirSync(pictures, { recursive: true })

const password = 'correct horse battery'
const chosen = 'another horse battery'
const folder = dataFolder(t)
const provider = await fakeProvider(t)
provider.behave({ visitor: { sub: 'fay', email: 'fay@example.com', email_verified: true } })
const AUTH_PROVIDERS_FILE = join(dataFolder(t), 'providers.json')
writeFileSync(
  AUTH_PROVIDERS_FILE,
  JSON.stringify({
    providers: [{ id: 'acme', name: 'Acme', issuer: provider.issuer, clientId: 'gatehouse' }]
  })
)
const furtherApp = await otherOrigin(t, '127.0.0.1')
const app = await otherOrigin(t, 'localhost', `${furtherApp}/welcome`)
const GATEWAY_PORT = String(await freePort())
// WebKit keeps no `Secure` cookies of http://localhost.
const { cert, key } = await (await authority(t)).issue('localhost')
const origin = `https://localhost:${GATEWAY_PORT}`
await wholeSystem(t, {
  GATEHOUSE_DATA_DIR: folder,
  GATEWAY_PORT,
  GATEWAY_TLS_CERT_FILE: cert,
  GATEWAY_TLS_KEY_FILE: key,
  TOKEN_ISSUER: origin,
  AUTH_PROVIDERS_FILE,
  AUTH_EMAIL_VERIFICATION: 'optional',
  ALLOWED_ORIGINS: app
})
const browser = await (kind === 'webkit' ? webkit(program, browserProgram) : firefox(program))
t.teardown(() => browser.close())
const { open, sees, isAt, fill, send, press, reads, signOut } = person(browser, pictures)
const at = (page: string) => `${origin}/auth/pages/${page}`

async function register(email: string): Promise<void> {
  await open(at('register'))
  await fill('E-mail address', email)
  await send('Password', password)
  await sees('Your account is ready.')
}

async function signIn(email: string, secret = password): Promise<void> {
  await fill('E-mail address', email)
  await send('Password', secret)
}

t.test('register, verify the address, sign in, change the password and the address', async () => {
  await register('ada@example.com')
  await open((await linkOfLetter(folder, 'verify-email', 'ada@example.com')).href)
  await press('Verify the address')
  await sees('Your address is verified.')
  await signIn('ada@example.com', 'not the password')
  await sees('The e-mail address or the password is wrong.')
  await open(at('sign-in?returnTo=account'))
  await signIn('ada@example.com')
  await isAt(at('account'))
  await fill('Current password', password)
  await send('New password', chosen)
  await sees('Your password has been changed.')
  await send('New e-mail address', 'ada@example.org')
  await sees('Open the link that we have sent')
  await open((await linkOfLetter(folder, 'change-email', 'ada@example.org')).href)
  await press('Use the new address')
  await sees('Your account now uses the new address.')
  await open(at('sessions'))
  await sees('This browser')
  await open(at('sign-out'))
  await press('Sign out')
  await sees('You are signed out.')
})

t.test('a forgotten password, and an application that redirects', async () => {
  await register('ben@example.com')
  await open(at('forgot-password'))
  await send('E-mail address', 'ben@example.com')
  await sees('Check your e-mail')
  await open((await linkOfLetter(folder, 'password-reset', 'ben@example.com')).href)
  await send('New password', chosen)
  await sees('Your new password is set.')
  await open(at(`sign-in?returnTo=${encodeURIComponent(`${app}/`)}`))
  await signIn('ben@example.com', chosen)
  await isAt(`${furtherApp}/welcome`)
  await open(at('delete-account'))
  await press('Delete my account')
  await sees('Your account will be deleted')
})

t.test('a second factor, and a passkey where the browser has them', async () => {
  await register('cleo@example.com')
  await open((await linkOfLetter(folder, 'verify-email', 'cleo@example.com')).href)
  await press('Verify the address')
  await sees('Your address is verified.')
  await open(at('sign-in?returnTo=factors'))
  await signIn('cleo@example.com')
  await press('Add an authenticator app')
  await sees('Scan this code')
  await send('Code that the app shows now', shownCode(await reads('dd')))
  await sees('Your recovery codes')
  const code = await reads('.codes code')
  await press('Continue')
  await sees('The second factor has been added.')
  await signOut()
  await open(at('sign-in?returnTo=factors'))
  await signIn('cleo@example.com')
  await sees('Your account has a second factor.')
  await press('Use a recovery code instead')
  await send('Recovery code', code)
  await isAt(at('factors'))
  await press('Add a passkey')
  await sees('Your browser will ask you')
  await press('Add a passkey')
  if (kind === 'webkit') {
    await sees('Your browser did not provide a passkey.')
    return
  }
  await sees('The second factor has been added.')
  await signOut()
  await open(at('sign-in?returnTo=sessions'))
  await press('Sign in with a passkey')
  await isAt(at('sessions'))
})

t.test('another provider', async () => {
  await signOut()
  await open(at('sign-in?returnTo=account'))
  await press('Sign in with Acme')
  await press('Allow')
  await isAt(at('account'))
  await sees('fay@example.com')
  await press('Unlink Acme')
  await sees('You could no longer sign in without it.')
})
