import { browser, browserMissing } from '@gatehouse/fixtures/browser'
import { client, eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { flakyLink } from '@gatehouse/fixtures/flaky-link'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import { build } from 'esbuild'
import type { BrowserContext, Page } from 'playwright-core'
import t from 'tap'
import { recoversInTheExamplePage, usesTheExamplePage } from './fixtures/example-page.ts'

const ada = { email: 'ada@example.com', password: 'correct horse battery' }
const TWO_DAYS_MS = 172_800_000
const LIFETIME_MS = 300_000

/** The client as a script, with clocks that the test can advance. */
const { outputFiles } = await build({
  stdin: {
    contents: `
      import { createClient } from '../src/client.ts'
      const [now, wall] = [performance.now.bind(performance), Date.now]
      globalThis.ahead = { monotonicMs: 0, wallMs: 0 }
      performance.now = () => now() + ahead.monotonicMs
      Date.now = () => wall() + ahead.wallMs
      globalThis.ends = []
      globalThis.begin = () => {
        globalThis.gatehouse = createClient({ baseUrl: location.origin, delivery: 'cookie' })
        gatehouse.onSessionEnd(({ reason }) => ends.push(reason))
      }
      globalThis.calls = async (count) => {
        const call = async () => {
          try { return (await gatehouse.fetch('/orders')).status } catch ({ code, name }) { return code ?? name }
        }
        return [...new Set(await Promise.all(Array.from({ length: count }, call)))]
      }`,
    resolveDir: import.meta.dirname
  },
  bundle: true,
  format: 'iife',
  write: false
})
const script = outputFiles[0]?.text ?? ''

/** Starts the client in a page of the gateway's origin. */
async function begin(page: Page): Promise<Page> {
  await page.evaluate(script)
  await page.evaluate('begin()')
  return page
}

/**
 * Tabs with the client. The first four have processes of their own, and two of them open the
 * others.
 */
async function tabsOf(context: BrowserContext, origin: string, count: number): Promise<Page[]> {
  const address = `${origin}/.well-known/jwks.json`
  const tabs: Page[] = []
  for (let tab = 0; tab < 4; tab += 1) {
    const page = await context.newPage()
    await page.goto(address)
    tabs.push(await begin(page))
  }
  while (tabs.length < count) {
    const opened = context.waitForEvent('page')
    await tabs[2 + (tabs.length % 2)]?.evaluate(`void open('${address}')`)
    const page = await opened
    await page.waitForURL(address)
    tabs.push(await begin(page))
  }
  return tabs
}

const login = (tab: Page | undefined) => tab?.evaluate(`gatehouse.login(${JSON.stringify(ada)})`)
const callAll = (tabs: readonly Page[], calls = 1): Promise<unknown[]> =>
  Promise.all(tabs.map((tab) => tab.evaluate(`calls(${calls})`)))
const pass = (tabs: readonly Page[], ms: number, clock: 'monotonicMs' | 'wallMs' = 'monotonicMs') =>
  Promise.all(tabs.map((tab) => tab.evaluate(`ahead.${clock} += ${ms}`)))
const endsOf = (tabs: readonly Page[]): Promise<unknown[]> =>
  Promise.all(tabs.map((tab) => tab.evaluate('ends')))

function countRefreshes(context: BrowserContext) {
  const counted = { refreshes: 0 }
  context.on('request', (request) => {
    if (request.url().endsWith('/auth/refresh-token')) counted.refreshes += 1
  })
  return counted
}

t.test('tabs of a real browser share one session', { skip: browserMissing }, async (t) => {
  const folder = dataFolder(t)
  // Letters lead to the example page, and not to the pages of the auth service.
  const { url } = await wholeSystem(t, { GATEHOUSE_DATA_DIR: folder, AUTH_PAGES: 'off' })
  const link = await flakyLink(t, Number(new URL(url).port))
  const origin = `http://localhost:${link.port}`
  await client(url).register(ada.email, ada.password)
  const chromium = await browser(t)
  const context = await chromium.newContext()
  const tabs = await tabsOf(context, origin, 20)
  const [closed, frozen, ...others] = tabs
  if (!closed || !frozen) throw new Error('no tab')
  const open = [frozen, ...others]
  const few = others.slice(0, 2)
  const isHeld = () => eventually(async () => link.held > 0, Boolean)
  await login(closed)
  await callAll(tabs)

  await t.test('20 tabs with 10 calls each at expiry make 1 refresh', async (t) => {
    const counted = countRefreshes(context)
    await pass(tabs, LIFETIME_MS)
    t.strictSame(await callAll(tabs, 10), Array(20).fill([200]))
    t.equal(counted.refreshes, 1)
  })

  await t.test('a tab that is closed during its refresh stops no other', async (t) => {
    await pass(tabs, LIFETIME_MS)
    link.hold()
    const lost = closed.evaluate('calls(1)').catch(() => 'closed')
    await isHeld()
    const waiting = callAll([frozen, ...few])
    await closed.close()
    link.release()
    t.equal(await lost, 'closed')
    t.strictSame(await waiting, [[200], [200], [200]])
  })

  await t.test('a tab that is frozen during its refresh stops no other', async (t) => {
    await pass(open, LIFETIME_MS)
    link.hold()
    let hasWoken = false
    const late = frozen.evaluate('calls(1)').finally(() => {
      hasWoken = true
    })
    await isHeld()
    const session = await context.newCDPSession(frozen)
    // A headless page is always visible, and Chromium freezes only hidden pages. A debugger can
    // stop any page.
    await session.send('Debugger.enable')
    await session.send('Debugger.pause')
    link.release()
    t.strictSame(await callAll(few), [[200], [200]])
    t.notOk(hasWoken, 'it stands still')
    await session.send('Debugger.disable')
    t.strictSame(await late, [200], 'and it continues when it wakes')
  })

  await t.test('a lost network signs no one out', async (t) => {
    await context.setOffline(true)
    t.strictSame(await callAll(few), [['TypeError'], ['TypeError']], 'as fetch itself')
    await pass(open, LIFETIME_MS)
    t.strictSame(await callAll(few), [['NETWORK'], ['NETWORK']], 'also after expiry')
    await context.setOffline(false)
    t.strictSame(await callAll(few), [[200], [200]], 'and back')
  })

  await t.test('a wall clock that is set two days off signs no one out', async (t) => {
    for (const ms of [TWO_DAYS_MS, -2 * TWO_DAYS_MS]) {
      await pass(open, ms, 'wallMs')
      t.strictSame(await callAll(few, 3), [[200], [200]], `by ${ms} ms`)
      await pass(open, LIFETIME_MS)
      t.strictSame(await callAll(few), [[200], [200]], 'and after expiry')
    }
  })

  await t.test('a logout in one tab signs out all tabs within a second', async (t) => {
    const open = [frozen, ...others]
    t.strictSame(
      await endsOf(open),
      open.map(() => []),
      'nothing has ended before'
    )
    await frozen.evaluate('gatehouse.logout()')
    const ends = await eventually(
      () => endsOf(open),
      (ends) => ends.every((end) => String(end) === 'logout'),
      1000
    )
    t.strictSame(
      ends,
      open.map(() => ['logout'])
    )
    await context.close()
  })

  await t.test(
    'the example page signs up, calls services, ends a session and signs out',
    async (t) => usesTheExamplePage(t, await chromium.newContext(), { url, origin })
  )

  await t.test('the example page sets a forgotten password and undoes a new address', async (t) =>
    recoversInTheExamplePage(t, await chromium.newContext(), { url, origin, folder })
  )
})
