import { client, eventually } from '@gatehouse/fixtures/client'
import type { Test } from 'tap'
import { focusWithView, openView, type Tasks } from '../fixtures/opened-console.ts'

/** Tasks with users, sessions and machine clients. */
export function accountTasks(t: Test, { skip, signedIn }: Tasks): void {
  t.test('an admin changes rights, invites, and keeps a deleted account', { skip }, async (t) => {
    const { page, ops, axe, gatewayUrls } = signedIn()
    const [email, password] = ['lovelace@example.com', 'analytical engine 1843']
    const { register, login, call } = client(gatewayUrls[0] ?? '')
    await register(email, password)
    await openView(page, 'Users')
    await page.getByRole('textbox', { name: 'User' }).fill(email)
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Change roles and scope' }).press('Enter')
    await page.getByRole('textbox', { name: 'Roles' }).fill('user editor')
    await page.keyboard.press('Enter')
    await page.getByText(`The next access token of ${email} has these rights.`).waitFor()
    t.match((await ops(['users', 'show', email, '--json'])).json, {
      user: { roles: ['user', 'editor'] }
    })

    await page.getByRole('button', { name: 'Invite …' }).press('Enter')
    await page.getByRole('textbox', { name: 'E-mail address' }).fill('babbage@example.com')
    t.strictSame(await axe(), [], 'the invitation')
    await page.keyboard.press('Enter')
    t.match(await page.getByRole('dialog').locator('.secret').textContent(), /^ghi_/)
    await page.getByRole('button', { name: 'Close' }).press('Enter')
    await page.getByRole('button', { name: /^Revoke the invitation for babbage/ }).press('Enter')
    await page.getByText('Nobody can register with this invitation.').waitFor()

    const { accessToken: token } = (await login(email, password)).body
    const deleted = await call('/auth/account', { method: 'DELETE', token })
    t.equal(deleted.status, 202)
    await openView(page, 'Overview')
    await openView(page, 'Users')
    await page.getByRole('button', { name: `Keep the account of ${email}` }).press('Enter')
    await page.getByText(`${email} keeps the account, and can sign in.`).waitFor()
    t.equal(await page.getByRole('heading', { name: 'Coming deletions' }).count(), 0)
    t.match((await ops(['users', 'show', email, '--json'])).json, { user: { deletionAt: null } })
  })

  t.test('an admin creates a machine client, and disables it', { skip }, async (t) => {
    const { page, axe, gatewayUrls } = signedIn()
    await openView(page, 'Clients')
    await page.getByRole('button', { name: 'New client …' }).press('Enter')
    await page.getByRole('textbox', { name: 'Name' }).fill('billing')
    await page.getByRole('textbox', { name: 'Scope' }).fill('orders:read')
    t.strictSame(await axe(), [], 'the new client')
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    const secret = await dialog.locator('.secret').textContent()
    const [id] = /[0-9a-f-]{36}/.exec((await dialog.textContent()) ?? '') ?? []
    await dialog.getByRole('button', { name: 'Close' }).press('Enter')
    const status = async () => {
      const response = await fetch(`${gatewayUrls[0]}/oauth/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' })
      })
      return response.status
    }
    t.equal(await status(), 200)
    await page.getByRole('button', { name: /^Disable billing/ }).press('Enter')
    await page.keyboard.type('billing')
    await page.keyboard.press('Enter')
    await page.getByText('The tokens of billing are refused.').waitFor()
    t.equal(await status(), 401)
  })

  t.test(
    'an operator finds a stolen session and ends it, at every gateway',
    { skip },
    async (t) => {
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
      await login.getByRole('link', { name: stolen?.session.id ?? '' }).press('Enter')
      await page.getByText('from 127.0.0.1, used').first().waitFor()
      const row = page.getByRole('listitem').filter({ hasText: 'the session of the event' })
      t.match(await row.textContent(), stolen?.session.id)
      await page
        .getByRole('button', { name: `End the session ${stolen?.session.id}` })
        .press('Enter')
      await page.getByRole('dialog').getByText('Other sessions continue.').waitFor()
      await page.keyboard.type(stolen?.session.id.slice(0, 8) ?? '')
      await page.keyboard.press('Enter')
      await page.getByText('1 live session').waitFor()
      await page.getByText('is no longer live: session-ended').waitFor()
      await page.getByText('In force at 4 of 4 gateways.').waitFor()
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
      t.notOk(
        (await said(own?.accessToken)).includes('SESSION_ENDED'),
        'the other session continues'
      )
    }
  )
}
