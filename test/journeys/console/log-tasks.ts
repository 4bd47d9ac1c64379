import type { Test } from 'tap'
import { afterThreeDays } from '../fixtures/after-three-days.ts'
import { openView, type Tasks } from '../fixtures/opened-console.ts'

/** Tasks with the audit log, drills and the outbox. */
export function logTasks(t: Test, { skip, signedIn }: Tasks): void {
  t.test('an operator verifies and exports the audit log', { skip }, async (t) => {
    const { page, ops, folder } = signedIn()
    await openView(page, 'Audit log')
    await page.getByRole('button', { name: 'Verify' }).press('Enter')
    await page.getByText(/^. \d+ events and \d+ signed heads? verified: no fault\.$/).waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export' }).press('Enter')
    ])
    const file = `${folder}/audit.ndjson`
    await download.saveAs(file)
    t.match(await ops(['audit', 'verify', file]), { code: 0, stdout: /: no fault/ })
  })

  t.test('the address says which kind of events is shown', { skip }, async (t) => {
    const { page } = signedIn()
    await openView(page, 'Overview')
    await page.evaluate("location.hash = '#/audit/key-created'")
    const others = page.locator('.events li').filter({ hasNotText: 'key-created' }).first()
    await page.locator('.events li').first().waitFor()
    await others.waitFor({ state: 'detached' })
    t.equal(await page.getByLabel('Kind').inputValue(), 'key-created')
    await page.getByLabel('Kind').selectOption('')
    await openView(page, 'Overview')
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
    await page.getByRole('button', { name: `Test: ${url}` }).press('Enter')
    await page.getByText(`${url} did not accept the test`).waitFor()
    await page.getByRole('button', { name: /^Discard user.created/ }).press('Enter')
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
    await page.getByRole('button', { name: `Send dead deliveries again: ${url}` }).waitFor()
    await page.getByRole('button', { name: /^Send user.created again/ }).press('Enter')
    await page.getByText('It is queued again, with all its attempts.').waitFor()
    await again.waitFor({ state: 'detached' })
  })
}
