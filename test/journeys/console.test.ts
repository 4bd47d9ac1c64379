import { readFile, writeFile } from 'node:fs/promises'
import { browserMissing } from '@gatehouse/fixtures/browser'
import { client, eventually } from '@gatehouse/fixtures/client'
import t from 'tap'
import { afterThreeDays } from './fixtures/after-three-days.ts'
import { focusWithView, openedConsole, openView, views } from './fixtures/opened-console.ts'

const skip = browserMissing
/** One page for all tests, because starting and loading one takes longer than most tests. */
const opened = skip ? null : await openedConsole(t)

function signedIn() {
  if (opened === null) throw new Error(String(skip))
  return opened
}

t.test('an operator rotates a key, and sees four gateways load it', { skip }, async (t) => {
  const { page, ops } = signedIn()
  await page.getByText('Nothing needs your attention.').waitFor()
  await page
    .getByRole('cell', { name: /per second/ })
    .first()
    .waitFor()
  t.equal(await page.getByRole('table').getByRole('row').count(), 1 + 4, 'each gateway has a row')
  t.equal(new URL(page.url()).hash, '', 'the code is not in the address')

  await openView(page, 'Keys')
  const rotation = page.getByRole('region', { name: 'Rotation' })
  await rotation.getByText('No rotation is under way').waitFor()
  await page.getByRole('button', { name: 'Rotate' }).press('Enter')
  await rotation.getByText('4 of 4 gateways hold it').waitFor()
  await rotation.getByText('It signs new tokens').waitFor()
  t.equal(await rotation.getByText('holds the new key').count(), 4)
  t.match(await rotation.getByRole('timer').textContent(), /^\d\d:\d\d$/)
  await page.getByText(/is active\. Every live gateway has it/).waitFor()
  t.equal(await page.locator('button:focus').textContent(), 'Rotate', 'the focus stays')
  const { json } = await ops(['keys', 'list', '--json'])
  const listed = json.keys as { kid: string; state: string }[]
  t.strictSame(listed.map(({ state }) => state).sort(), ['active', 'retiring'])
})

t.test(
  'an operator revokes a leaked key, once a colleague has approved it',
  { skip },
  async (t) => {
    const { page, faults, ops, axe, colleague } = signedIn()
    const { json } = await ops(['keys', 'list', '--json'])
    const listed = json.keys as { kid: string; state: string }[]
    const kid = listed.find(({ state }) => state === 'retiring')?.kid ?? ''
    const name = kid.slice(0, 8)
    await page.getByRole('button', { name: `Revoke ${name}` }).click()
    const dialog = page.getByRole('dialog')
    t.equal(await dialog.getByRole('button', { name: 'Revoke it' }).isDisabled(), true)
    t.strictSame(await axe(), [], 'the dialog')
    await page.keyboard.type(name)
    await page.keyboard.press('Enter')
    await page.getByText('Another operator must approve this first.').waitFor()
    t.notMatch(await ops(['keys', 'list']), { stdout: /revoked/ })

    const bob = await colleague('bob')
    await bob.getByText(`bootstrap wants to revoke the key ${name}.`).waitFor()
    await bob.getByRole('button', { name: `Approve: revoke the key ${name}` }).click()
    await bob.getByText('bob has approved it.').waitFor()
    t.equal(await bob.getByRole('button', { name: /Carry out/ }).count(), 0, 'who asked does it')

    await openView(page, 'Approvals')
    await page.getByText('bob has approved it.').waitFor()
    await page.getByRole('link', { name: 'Approvals 1 waiting' }).waitFor()
    await page.getByRole('button', { name: `Carry out: revoke the key ${name}` }).click()
    await page.keyboard.type(name)
    await page.keyboard.press('Enter')
    await page.getByText(`Done: revoke the key ${name}.`).waitFor()
    await page.getByText('No request waits.').waitFor()
    t.match(await ops(['keys', 'list']), { stdout: new RegExp(`${kid} +ES256 +revoked`) })
    await bob.context().close()

    await openView(page, 'Audit log')
    for (const kind of ['approval-requested', 'request-approved', 'key-revoked']) {
      await page.locator('.events').getByText(kind).first().waitFor()
    }
    t.strictSame(faults, [], 'the policy of the page refused nothing')
  }
)

t.test('an operator verifies and exports the audit log', { skip }, async (t) => {
  const { page, ops, folder } = signedIn()
  await openView(page, 'Audit log')
  await page.getByRole('button', { name: 'Verify' }).click()
  await page.getByText(/^. \d+ events and \d+ signed heads? verified: no fault\.$/).waitFor()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export' }).click()
  ])
  const file = `${folder}/audit.ndjson`
  await download.saveAs(file)
  t.match(await ops(['audit', 'verify', file]), { code: 0, stdout: /: no fault/ })
})

t.test('a gateway explains what it does with a request', { skip }, async (t) => {
  const { page } = signedIn()
  await openView(page, 'Routes')
  await page.getByRole('rowheader', { name: 'auth-login' }).waitFor()
  t.equal(await page.evaluate('scrollY'), 0, 'a view begins at its top')
  await page.getByRole('textbox', { name: 'Path' }).fill('/orders/7')
  await page.keyboard.press('Enter')
  await page.getByText('/orders is the longest prefix of /orders/7 in the table').waitFor()
  await page.getByText(/^GET http:.*\/orders\/7$/).waitFor()
  await page.getByRole('textbox', { name: 'Path' }).fill('/orders/../admin')
  await page.keyboard.press('Enter')
  await page.getByText(/Everyone gets 400 INVALID_REQUEST/).waitFor()
  t.equal(await page.getByText('earlier version').count(), 0)

  await page.getByRole('button', { name: 'Reload from the files' }).click()
  await page.getByText(/Reloaded \(\d+ routes\)/).waitFor()
  await page.getByLabel('Route table (YAML)').fill('routes: [{ name: orders }]')
  await page.getByRole('button', { name: 'Validate' }).press('Enter')
  await page.getByText('Gateways would refuse it').waitFor()
  await page
    .getByText(/routes\.yaml:1:/)
    .first()
    .waitFor()
  await page.getByLabel('Route table (YAML)').fill(await readFile('gateway/routes.yaml', 'utf8'))
  await page.getByRole('button', { name: 'Validate' }).press('Enter')
  await page.getByText(/No fault \(\d+ routes\)/).waitFor()
})

t.test('an operator drains gateways, the last one only on purpose', { skip }, async (t) => {
  const { page, gatewayOpsUrls } = signedIn()
  const statuses = () =>
    Promise.all(gatewayOpsUrls.map(async (url) => (await fetch(`${url}/readyz`)).status))
  await openView(page, 'Gateways')
  const drain = page.getByRole('button', { name: /^Drain: /, disabled: false })
  const undrain = page.getByRole('button', { name: /^Put back into .*: /, disabled: false })
  await drain.nth(3).waitFor()
  for (let times = 0; times < 3; times += 1) await drain.first().press('Enter')
  await undrain.nth(2).waitFor()
  t.strictSame((await statuses()).sort(), [200, 503, 503, 503])
  await drain.click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('No other gateway would be left that serves clients.').waitFor()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await openView(page, 'Overview')
  await page.getByText('is drained.').first().waitFor()
  await openView(page, 'Gateways')
  for (let times = 0; times < 3; times += 1) await undrain.first().click()
  await drain.nth(3).waitFor()
  t.strictSame(await statuses(), [200, 200, 200, 200])
  await openView(page, 'Audit log')
  await page.getByRole('listitem').filter({ hasText: 'gateway-undrained' }).nth(2).waitFor()
})

t.test('an admin changes rights, invites, and keeps a deleted account', { skip }, async (t) => {
  const { page, ops, gatewayUrls } = signedIn()
  const [email, password] = ['lovelace@example.com', 'analytical engine 1843']
  const { register, login, call } = client(gatewayUrls[0] ?? '')
  await register(email, password)
  await openView(page, 'Users')
  await page.getByRole('textbox', { name: 'User' }).fill(email)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Change roles and scope' }).click()
  await page.getByRole('textbox', { name: 'Roles' }).fill('user editor')
  await page.keyboard.press('Enter')
  await page.getByText(`The next access token of ${email} has these rights.`).waitFor()
  t.match((await ops(['users', 'show', email, '--json'])).json, {
    user: { roles: ['user', 'editor'] }
  })

  await page.getByRole('button', { name: 'Invite …' }).click()
  await page.getByRole('textbox', { name: 'E-mail address' }).fill('babbage@example.com')
  await page.keyboard.press('Enter')
  t.match(await page.getByRole('dialog').locator('.secret').textContent(), /^ghi_/)
  await page.getByRole('button', { name: 'Close' }).click()
  await page.getByRole('button', { name: /^Revoke the invitation for babbage/ }).click()
  await page.getByText('Nobody can register with this invitation.').waitFor()

  const { accessToken: token } = (await login(email, password)).body
  const deleted = await call('/auth/account', { method: 'DELETE', token })
  t.equal(deleted.status, 202)
  await openView(page, 'Overview')
  await openView(page, 'Users')
  await page.getByRole('button', { name: `Keep the account of ${email}` }).click()
  await page.getByText(`${email} keeps the account, and can sign in.`).waitFor()
  t.equal(await page.getByRole('heading', { name: 'Coming deletions' }).count(), 0)
  t.match((await ops(['users', 'show', email, '--json'])).json, { user: { deletionAt: null } })
})

t.test('an admin creates a machine client, and disables it', { skip }, async (t) => {
  const { page, gatewayUrls } = signedIn()
  await openView(page, 'Clients')
  await page.getByRole('button', { name: 'New client …' }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('billing')
  await page.getByRole('textbox', { name: 'Scope' }).fill('orders:read')
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  const secret = await dialog.locator('.secret').textContent()
  const [id] = /[0-9a-f-]{36}/.exec((await dialog.textContent()) ?? '') ?? []
  await dialog.getByRole('button', { name: 'Close' }).click()
  const status = async () => {
    const response = await fetch(`${gatewayUrls[0]}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' })
    })
    return response.status
  }
  t.equal(await status(), 200)
  await page.getByRole('button', { name: /^Disable billing/ }).click()
  await page.keyboard.type('billing')
  await page.keyboard.press('Enter')
  await page.getByText('Every gateway refuses the tokens of billing.').waitFor()
  t.equal(await status(), 401)
})

t.test('the result of a drill appears, and a message is discarded', { skip }, async (t) => {
  const { page, ops, gatewayUrls, folder } = signedIn()
  await openView(page, 'Drills')
  await page.getByText('The audit log has no drill.').waitFor()
  const drill = await ops(['drill', 'revoke', '--gateway', gatewayUrls[0] ?? '', '--rounds', '1'])
  t.equal(drill.code, 0, drill.stderr)
  await page.getByRole('cell', { name: '1 of 4 asked' }).waitFor()

  // Nothing listens there.
  const url = 'http://127.0.0.1:9/'
  t.match(await ops(['webhooks', 'add', url]), { code: 0 })
  await ops(['users', 'create', 'hook@example.com'])
  await openView(page, 'Outbox')
  await page.getByText(url).first().waitFor()
  await page.getByRole('button', { name: `Test: ${url}` }).click()
  await page.getByText(`${url} did not accept the test`).waitFor()
  await page.getByRole('button', { name: /^Discard user.created/ }).click()
  await page.keyboard.type('user.created')
  await page.keyboard.press('Enter')
  await page.getByText('It is discarded, and will not be sent.').waitFor()
  await page.getByRole('cell', { name: 'discarded' }).waitFor()

  const again = page.getByRole('button', { name: /Send (all )?dead again/ })
  t.equal(await again.count(), 0, 'there is nothing to send again')
  await ops(['users', 'create', 'late@example.com'])
  afterThreeDays(folder)
  await openView(page, 'Overview')
  await openView(page, 'Outbox')
  await page.getByRole('button', { name: `Send dead again: ${url}` }).waitFor()
  await page.getByRole('button', { name: /^Send user.created again/ }).press('Enter')
  await page.getByText('It is queued again, with all its attempts.').waitFor()
  await again.waitFor({ state: 'detached' })
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

  await openView(page, 'Audit log')
  const login = page.getByRole('listitem').filter({ hasText: stolen?.session.id ?? '' })
  await login.getByRole('link').click()
  await page.getByText('from 127.0.0.1, used').first().waitFor()
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

t.test('every view can be used without a mouse, in both colour schemes', { skip }, async (t) => {
  const { page, axe, ops } = signedIn()
  const { json } = await ops(['keys', 'list', '--json'])
  const active = (json.keys as { kid: string; state: string }[]).find(
    ({ state }) => state === 'active'
  )
  await ops(['keys', 'revoke', active?.kid ?? '', '--yes'])
  for (const [title, ready] of views) {
    await openView(page, title)
    await page.locator('main').getByText(ready).first().waitFor()
    t.strictSame(await axe(), [], title)
  }
  await page.emulateMedia({ colorScheme: 'dark' })
  const titles = await page.getByRole('navigation').getByRole('link').allTextContents()
  t.equal(titles.length, views.length)
  for (const [title, ready] of views) {
    await page.getByRole('link', { name: title }).first().click()
    await page.locator('main').getByText(ready).first().waitFor()
    t.strictSame(await axe({ runOnly: ['color-contrast'] }), [], `${title} in the dark`)
    for (const width of [360, 768, 1280, 3840]) {
      await page.setViewportSize({ width, height: 740 })
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      t.equal(overflow, 0, `${title} fits ${width} pixels`)
    }
  }
})

t.test('the page survives a restart of the auth service, and a gap', { skip }, async (t) => {
  const { context, page, ops, restart, folder } = signedIn()
  await openView(page, 'Audit log')
  await page.getByLabel('Kind').selectOption('user-created')
  await page.getByRole('listitem').first().waitFor()
  await context.setOffline(true)
  await restart()
  await page.getByText('Connecting …').waitFor()
  await ops(['users', 'create', 'during-the-gap@example.com'])
  const { user } = (await ops(['users', 'show', 'during-the-gap@example.com', '--json'])).json as {
    user: { id: string }
  }
  // More than an auth service remembers.
  const lines = Array.from({ length: 1100 }, (_, place) => `{"email":"many-${place}@example.com"}`)
  await writeFile(`${folder}/many.ndjson`, lines.join('\n'))
  const imported = await ops(['users', 'import', `${folder}/many.ndjson`, '--allow-no-password'])
  t.equal(imported.code, 0, imported.stderr)
  await context.setOffline(false)
  await page.getByText('New events appear automatically').waitFor()
  await page.locator('.events').getByText(user.id).waitFor()
  t.equal(await page.locator('.operator').textContent(), 'bootstrap admin', 'the session continues')
})
