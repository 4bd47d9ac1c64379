import { browser, browserMissing, otherOrigin, pageOf } from '@gatehouse/fixtures/browser'
import { client, eventually } from '@gatehouse/fixtures/client'
import t from 'tap'
import { accessibility } from './fixtures/accessibility.ts'
import { consoleSystem } from './fixtures/console-system.ts'

const skip = browserMissing
/** One page for all tests, because starting and loading one takes longer than most tests. */
const opened = skip ? null : await openedConsole()

/** A system, and the console in a browser, opened by the link that the command line shows. */
async function openedConsole() {
  const [chromium, system] = [await browser(t), await consoleSystem(t)]
  const link = String((await system.ops(['console', '--json'])).json.url)
  const context = await chromium.newContext()
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text())
  })
  await page.goto(link)
  return { ...system, context, page, faults, axe: await accessibility(page) }
}

function signedIn() {
  if (opened === null) throw new Error(String(skip))
  return opened
}

const readProof = "localStorage.getItem('gatehouse-console-proof')"

/** Chooses the view of users, and tells what has the focus when the view is there. */
const focusWithView = `new Promise((resolve) => {
  new MutationObserver((_changes, observer) => {
    if (document.getElementById('users') === null) return
    observer.disconnect()
    resolve(document.activeElement?.id)
  }).observe(document.body, { childList: true, subtree: true })
  const link = document.querySelector('a[href="#/users"]')
  link.focus()
  link.click()
})`

/** A script that posts a form, which any page may do to any address. */
const submitForm = (action: string) => `
  const form = document.createElement('form')
  Object.assign(form, { method: 'post', action: ${JSON.stringify(action)}, enctype: 'text/plain' })
  document.body.append(form)
  form.submit()`

t.test('an operator rotates a key, and sees four gateways load it', { skip }, async (t) => {
  const { page, faults, ops, axe } = signedIn()
  const rotation = page.getByRole('region', { name: 'Rotation' })
  await rotation.getByText('No rotation is under way').waitFor()
  t.equal(new URL(page.url()).hash, '', 'the code is not in the address')

  await page.getByRole('button', { name: 'Rotate' }).click()
  await rotation.getByText('4 of 4 gateways hold it').waitFor()
  await rotation.getByText('It signs new tokens').waitFor()
  t.equal(await rotation.getByText('holds the new key').count(), 4)
  t.match(await rotation.getByRole('timer').textContent(), /^\d\d:\d\d$/)
  await page.getByText(/is active\. Every live gateway has it/).waitFor()
  const { json } = await ops(['keys', 'list', '--json'])
  const listed = json.keys as { kid: string; state: string }[]
  t.strictSame(listed.map(({ state }) => state).sort(), ['active', 'retiring'])

  const kid = listed.find(({ state }) => state === 'retiring')?.kid ?? ''
  const name = kid.slice(0, 8)
  await page.getByRole('button', { name: `Revoke ${name}` }).click()
  const dialog = page.getByRole('dialog')
  t.equal(await dialog.getByRole('button', { name: 'Revoke it' }).isDisabled(), true)
  t.strictSame(await axe(), [], 'the dialog')
  await page.keyboard.type(name)
  await page.keyboard.press('Enter')
  await page.getByText(`${name} is revoked.`).waitFor()
  t.match(await ops(['keys', 'list']), { stdout: new RegExp(`${kid} +ES256 +revoked`) })

  await page.getByRole('link', { name: 'Audit log' }).click()
  await page.locator('.events').getByText('key-revoked').first().waitFor()
  await ops(['keys', 'create'])
  await page.locator('.events').getByText('key-created').first().waitFor()
  t.strictSame(faults, [], 'the policy of the page refused nothing')
})

t.test('an operator finds a stolen session and ends it, at every gateway', { skip }, async (t) => {
  const { page, gatewayUrls } = signedIn()
  const [email, password] = ['grace@example.com', 'amazing grace hopper']
  const clients = gatewayUrls.map((url) => client(url))
  await clients[0]?.register(email, password)
  const stolen = (await clients[0]?.login(email, password))?.body
  const own = (await clients[0]?.login(email, password))?.body
  t.equal(await page.evaluate(focusWithView), 'main', 'the focus moves in the turn of the view')
  await page.getByRole('textbox', { name: 'User' }).fill(email)
  await page.keyboard.press('Enter')
  await page.getByText('2 live sessions').waitFor()
  await page.getByRole('button', { name: `End the session ${stolen?.session.id}` }).click()
  await page.getByText('1 live session').waitFor()
  const said = (token = '') =>
    Promise.all(
      clients.map(
        async ({ call }) => (await call<{ code?: string }>('/orders', { token })).body.code
      )
    )
  const codes = await eventually(
    () => said(stolen?.accessToken),
    (all) => all.every((code) => code === 'SESSION_ENDED')
  )
  t.strictSame(codes, Array(4).fill('SESSION_ENDED'))
  t.notOk((await said(own?.accessToken)).includes('SESSION_ENDED'), 'the other session continues')
})

t.test('a page of another origin can do nothing with the session', { skip }, async (t) => {
  const { context, page, url, ops } = signedIn()
  const proof = String(await page.evaluate(readProof))
  const before = (await ops(['keys', 'list', '--json'])).json
  for (const host of ['localhost', '127.0.0.1'] as const) {
    const evil = await pageOf(context, await otherOrigin(t, host))
    const attempts: Record<string, string>[] = [{}, { 'x-console-proof': proof }]
    for (const headers of attempts) {
      const outcome = await evil.evaluate(
        async ({ target, headers }) =>
          fetch(target, { method: 'POST', credentials: 'include', headers }).then(
            ({ status }) => status,
            () => 'blocked'
          ),
        { target: `${url}/ops/keys/rotate`, headers }
      )
      t.equal(outcome, 'blocked', `${host} ${Object.keys(headers)}`)
    }
    const [answer] = await Promise.all([
      evil.waitForResponse((response) => response.url() === `${url}/ops/keys/rotate`),
      evil.evaluate(submitForm(`${url}/ops/keys/rotate`))
    ])
    t.equal(answer.status(), 403, `a form of ${host}`)
  }
  t.strictSame((await ops(['keys', 'list', '--json'])).json, before)
})

t.test('a link that another page opens does not change who is signed in', { skip }, async (t) => {
  const { context, url, ops } = signedIn()
  const { token } = (await ops(['operators', 'create', 'eve', '--role', 'admin', '--json'])).json
  const made = await fetch(`${url}/ops/console/links`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '{}'
  })
  const opened = await context.newPage()
  const { path } = (await made.json()) as { path: string }
  await opened.goto(`${url}${path}`)
  await opened.getByText('You are signed in as bootstrap: sign out first').waitFor()
  t.equal(await opened.locator('.operator').textContent(), 'bootstrap admin')
  await opened.close()
})

t.test('every view can be used without a mouse, in both colour schemes', { skip }, async (t) => {
  const { page, axe } = signedIn()
  for (const [title, ready] of [
    ['Gateways', 'Revocations'],
    ['Users', 'Sessions and users'],
    ['Audit log', 'New events appear automatically'],
    ['Keys', 'Signing keys']
  ] as const) {
    await page.getByRole('link', { name: title }).focus()
    await page.keyboard.press('Enter')
    await page.locator('main').getByText(ready).first().waitFor()
    t.strictSame(await axe(), [], title)
  }
  await page.setViewportSize({ width: 360, height: 740 })
  await page.emulateMedia({ colorScheme: 'dark' })
  t.strictSame(await axe({ runOnly: ['color-contrast'] }), [], 'dark')
  for (const title of ['Keys', 'Gateways', 'Users', 'Audit log']) {
    await page.getByRole('link', { name: title }).click()
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
    t.equal(overflow, 0, `${title} fits 360 pixels`)
  }
})

t.test(
  'after a sign-out, a viewer can sign in and watch, and change nothing',
  { skip },
  async (t) => {
    const { context, page, url, axe, ops } = signedIn()
    const otherTab = await pageOf(context, `${url}/console`)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Operator token').waitFor()
    t.strictSame(await axe(), [], 'the sign-in')
    t.equal(await page.evaluate(readProof), null)
    const made = await ops(['operators', 'create', 'vera', '--role', 'viewer', '--json'])
    await page.getByLabel('Operator token').fill(String(made.json.token))
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Keys' }).click()
    await page.getByText('Your role can view the keys but not change them.').waitFor()
    await otherTab.locator('.operator').getByText('vera').waitFor()
    await otherTab.close()
    t.equal(await page.getByRole('button', { name: /Rotate|Revoke|Create/ }).count(), 0)
    const proof = await page.evaluate(readProof)
    const refused = await page.evaluate(async (proof) => {
      const headers = { 'x-console-proof': proof, 'content-type': 'application/json' }
      const response = await fetch('/ops/keys/rotate', { method: 'POST', headers, body: '{}' })
      return { status: response.status, body: await response.json() }
    }, String(proof))
    t.match(refused, { status: 403, body: { detail: /needs the role operator/ } })
    await ops(['operators', 'revoke', 'vera'])
    await page.getByLabel('Operator token').waitFor()
  }
)
