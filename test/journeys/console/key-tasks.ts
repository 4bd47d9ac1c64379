import type { Test } from 'tap'
import { openView, type Tasks } from '../fixtures/opened-console.ts'

/** Tasks with signing keys. */
export function keyTasks(t: Test, { skip, signedIn }: Tasks): void {
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

      await openView(page, 'Keys')
      const revocation = page.getByRole('region', { name: 'Revocation' })
      await revocation.getByText(`${name} was revoked`).waitFor()
      await revocation.getByText('4 of 4 gateways refuse its tokens.').waitFor()
      t.equal(await revocation.getByText('refuses its tokens', { exact: true }).count(), 4)
      const [runbook] = await Promise.all([
        page.waitForEvent('popup'),
        page.getByRole('link', { name: 'a signing key has leaked' }).press('Enter')
      ])
      await runbook.getByText('# A private signing key has leaked').waitFor()
      await runbook.close()

      await openView(page, 'Audit log')
      await page.getByLabel('Kind').selectOption('key-revoked')
      await page.locator('.events').getByRole('link', { name: kid }).first().press('Enter')
      await page.getByRole('listitem').filter({ hasText: 'the key of the event' }).waitFor()
      await openView(page, 'Audit log')
      await page.getByLabel('Kind').selectOption('')
      for (const kind of ['approval-requested', 'request-approved', 'key-revoked']) {
        await page.locator('.events').getByText(kind).first().waitFor()
      }
      t.strictSame(faults, [], 'the policy of the page refused nothing')
    }
  )
}
