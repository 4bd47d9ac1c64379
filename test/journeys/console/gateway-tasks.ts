import { readFile, writeFile } from 'node:fs/promises'
import type { Test } from 'tap'
import { openView, type Tasks } from '../fixtures/opened-console.ts'

/** Tasks with gateways and their route tables. */
export function gatewayTasks(t: Test, { skip, signedIn }: Tasks): void {
  t.test('a gateway explains what it does with a request', { skip }, async (t) => {
    const { page, folder } = signedIn()
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

    const file = `${folder}/routes.yaml`
    const reload = page.getByRole('button', { name: 'Reload from the files' })
    const version = page.locator('main .table .hint code')
    const before = await version.textContent()
    const table = await readFile(file, 'utf8')
    await writeFile(file, `${table}  - { name: reports, prefix: /reports, upstream: echo }\n`)
    await reload.press('Enter')
    await page.getByText(/Reloaded \(\d+ routes\)/).waitFor()
    await page.getByRole('rowheader', { name: 'reports' }).waitFor()
    t.not(await version.textContent(), before, 'the new table has a version of its own')
    await writeFile(file, `${table}  - { name: reports, prefix: /reports, upstream: nowhere }\n`)
    await reload.press('Enter')
    await page.locator('.notice.fault').getByText('The new table has faults at').waitFor()
    await writeFile(file, table)
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
    t.equal(await page.getByText('Some rules do not apply everywhere').count(), 0)
    const strict = table.replace('max: 600', 'max: 6')
    await page.getByLabel('Route table (YAML)').fill(strict)
    await page.getByRole('button', { name: 'Validate' }).press('Enter')
    await page.getByText('Some rules do not apply everywhere').waitFor()
    await page
      .getByText(/route auth-login allows 6 requests .*pages for users: \/auth\/pages/)
      .waitFor()
  })

  t.test(
    'a faulty route file is shown without a reload, until it is corrected',
    { skip },
    async (t) => {
      const { page, axe, folder, gatewayOpsUrls } = signedIn()
      const file = `${folder}/routes.yaml`
      const table = await readFile(file, 'utf8')
      await openView(page, 'Overview')
      await page.getByText('Nothing needs your attention.').waitFor()
      await writeFile(file, `${table}  - { name: reports, prefix: /reports, upstream: nowhere }\n`)
      await page.getByText('The route files of 4 gateways have faults.').waitFor()
      const ready = await fetch(`${gatewayOpsUrls[3]}/readyz`)
      t.match(await ready.json(), { status: 'degraded', degraded: { routes: /routes\.yaml:\d+/ } })
      await page.getByRole('link', { name: /^Look at it: The route files/ }).press('Enter')
      await page.getByText(/routes\.yaml:\d+:\d+: .*nowhere/).waitFor()
      t.strictSame(await axe(), [], 'the faults')
      await openView(page, 'Gateways')
      await page.getByText('Its route file has faults').nth(3).waitFor()
      await writeFile(file, table)
      await openView(page, 'Overview')
      await page.getByText('Nothing needs your attention.').waitFor()
    }
  )

  t.test('an operator drains gateways, the last one only on purpose', { skip }, async (t) => {
    const { page, axe, gatewayOpsUrls } = signedIn()
    const statuses = () =>
      Promise.all(gatewayOpsUrls.map(async (url) => (await fetch(`${url}/readyz`)).status))
    await openView(page, 'Gateways')
    const drain = page.getByRole('button', { name: /^Drain: /, disabled: false })
    const undrain = page.getByRole('button', { name: /^Put back into .*: /, disabled: false })
    await drain.nth(3).waitFor()
    for (let times = 0; times < 3; times += 1) await drain.first().press('Enter')
    await undrain.nth(2).waitFor()
    t.strictSame((await statuses()).sort(), [200, 503, 503, 503])
    await drain.press('Enter')
    const dialog = page.getByRole('dialog')
    await dialog.getByText('No other gateway would be left that serves clients.').waitFor()
    t.strictSame(await axe(), [], 'the dialog')
    await dialog.getByRole('button', { name: 'Cancel' }).press('Enter')
    await openView(page, 'Overview')
    await page.getByText('is drained.').first().waitFor()
    await openView(page, 'Gateways')
    for (let times = 0; times < 3; times += 1) await undrain.first().press('Enter')
    await drain.nth(3).waitFor()
    t.strictSame(await statuses(), [200, 200, 200, 200])
    await openView(page, 'Audit log')
    await page.getByRole('listitem').filter({ hasText: 'gateway-undrained' }).nth(2).waitFor()
  })
}
