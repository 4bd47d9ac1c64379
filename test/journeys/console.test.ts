import { writeFile } from 'node:fs/promises'
import { browserMissing } from '@gatehouse/fixtures/browser'
import t from 'tap'
import { accountTasks } from './console/account-tasks.ts'
import { gatewayTasks } from './console/gateway-tasks.ts'
import { keyTasks } from './console/key-tasks.ts'
import { logTasks } from './console/log-tasks.ts'
import { openedConsole, openView, views } from './fixtures/opened-console.ts'

const skip = browserMissing
/** One page for all tests, because starting and loading one takes longer than most tests. */
const opened = skip ? null : await openedConsole(t)

function signedIn() {
  if (opened === null) throw new Error(String(skip))
  return opened
}

const tasks = { skip, signedIn }
keyTasks(t, tasks)
logTasks(t, tasks)
gatewayTasks(t, tasks)
accountTasks(t, tasks)

/** Everything that can be used, in the order of the page. */
const controls =
  "[...document.querySelectorAll('a[href], button:enabled, input, select, textarea')]"
/** Where the focus is among them, and whether it can be seen. */
const focus = `(() => {
  const { activeElement } = document
  const { outlineStyle } = getComputedStyle(activeElement)
  return [${controls}.indexOf(activeElement), outlineStyle !== 'none']
})()`

t.test('the Tab key reaches everything, in the order of the page', { skip }, async (t) => {
  const { page } = signedIn()
  await openView(page, 'Keys')
  await page.getByRole('button', { name: 'Rotate' }).waitFor()
  const number = Number(await page.evaluate(`${controls}.length`))
  t.ok(number > 15, `${number} controls`)
  await page.evaluate(`${controls}[0].focus()`)
  const reached = []
  for (let times = 1; times < number; times += 1) {
    await page.keyboard.press('Tab')
    reached.push(await page.evaluate(focus))
  }
  t.strictSame(
    reached,
    Array.from({ length: number - 1 }, (_, place) => [place + 1, true])
  )
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
