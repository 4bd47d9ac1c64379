import { runs } from '@gatehouse/fixtures/generated'
import fc from 'fast-check'
import t from 'tap'
import { ACCESS_TTL_SECONDS, authServer } from './fixtures/auth-server.ts'
import { device, type Page } from './fixtures/device.ts'
import { newWorld } from './fixtures/world.ts'

const ada = { email: 'ada@example.com', password: 'correct horse battery' }

/** A browser whose first tab has signed in, with further tabs that have got the token from it. */
async function signedIn(seed: number, tabs: number) {
  const world = newWorld(seed)
  const server = authServer(world)
  const browser = device(world, server)
  const first = browser.openPage()
  const { id } = await world.outcome(first.client.login(ada), 5000)
  for (let tab = 1; tab < tabs; tab += 1) browser.openPage()
  await world.play(1000)
  server.refreshes.length = 0
  return { world, server, browser, first, id }
}

const call = async ({ client }: Page): Promise<number> => (await client.fetch('/orders')).status
const callAll = (pages: readonly Page[], calls = 1): Promise<number[]> =>
  Promise.all(pages.flatMap((page) => Array.from({ length: calls }, () => call(page))))
const seeds = fc.integer({ min: 1, max: 2 ** 31 - 1 })

t.test('20 tabs with 10 calls each at expiry make 1 refresh', async (t) => {
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const { world, server, browser } = await signedIn(seed, 20)
      await world.play(ACCESS_TTL_SECONDS * 1000)
      const statuses = await world.outcome(callAll(browser.pages, 10), 10_000)
      t.strictSame(new Set(statuses), new Set([200]))
      if (server.refreshes.length !== 1) throw new Error(`${server.refreshes.length} refreshes`)
    }),
    runs(20)
  )
})

t.test('a new tab takes the token of another tab without a refresh', async (t) => {
  const { world, server, browser } = await signedIn(1, 2)
  const page = browser.openPage()
  t.equal(await world.outcome(call(page), 1000), 200)
  t.strictSame(server.refreshes, [])
})

t.test('a call before expiry is not delayed by the refresh that it begins', async (t) => {
  const { world, server, browser, first } = await signedIn(2, 1)
  await world.play(ACCESS_TTL_SECONDS * 920)
  const before = browser.way.requests
  t.equal(await world.outcome(call(first), 200), 200)
  await world.play(1000)
  t.equal(server.refreshes.length, 1)
  t.equal(browser.way.requests - before, 2, 'one call and one refresh')
})

t.test('a tab that is killed during its refresh costs the others one refresh', async (t) => {
  await fc.assert(
    fc.asyncProperty(seeds, fc.integer({ min: 0, max: 200 }), async (seed, afterMs) => {
      const { world, server, browser, first } = await signedIn(seed, 5)
      await world.play(ACCESS_TTL_SECONDS * 1000)
      void call(first).catch(() => {})
      await world.play(afterMs)
      first.kill()
      const statuses = await world.outcome(callAll(browser.pages), 3000)
      t.strictSame(new Set(statuses), new Set([200]))
      if (server.refreshes.length > 2) throw new Error(`${server.refreshes.length} refreshes`)
    }),
    runs(200)
  )
})

t.test('a tab that is frozen during its refresh stops no other tab', async (t) => {
  await fc.assert(
    fc.asyncProperty(seeds, fc.integer({ min: 0, max: 200 }), async (seed, afterMs) => {
      const { world, server, browser, first } = await signedIn(seed, 5)
      await world.play(ACCESS_TTL_SECONDS * 1000)
      const frozenCall = call(first)
      await world.play(afterMs)
      first.tab.freeze()
      const others = browser.pages.filter((page) => page !== first)
      const statuses = await world.outcome(callAll(others), 5000)
      t.strictSame(new Set(statuses), new Set([200]))
      await world.play(60_000)
      first.tab.thaw()
      t.equal(await world.outcome(frozenCall, 60_000), 200, 'it continues when it wakes')
      t.strictSame(new Set(await world.outcome(callAll(browser.pages), 5000)), new Set([200]))
      t.strictSame(
        [server.hasEndedWithoutCause(), browser.pages.flatMap(({ ends }) => ends)],
        [false, []]
      )
    }),
    runs(200)
  )
})

t.test('a logout in one tab signs out all tabs within a second', async (t) => {
  const { world, browser, first } = await signedIn(3, 20)
  await world.outcome(first.client.logout(), 1000)
  await world.play(1000)
  t.strictSame(
    browser.pages.map(({ ends }) => ends),
    browser.pages.map(() => ['logout'])
  )
})

t.test('a wall clock that is set two days off signs no one out', async (t) => {
  for (const hours of [48, -48]) {
    const { world, server, browser, first } = await signedIn(4, 2)
    browser.stepWallClock(hours * 3_600_000)
    const before = browser.way.requests
    const statuses: number[] = []
    for (let minute = 0; minute < 20; minute += 1) {
      statuses.push(await world.outcome(call(first), 1000))
      await world.play(60_000)
    }
    t.strictSame(new Set(statuses), new Set([200]))
    const refreshes = server.refreshes.length
    t.ok(refreshes <= 6, `${refreshes} refreshes in 20 minutes`)
    t.equal(browser.way.requests - before, 20 + refreshes, 'no call is sent twice')
    t.strictSame(first.ends, [])
  }
})

t.test('after sleep, a device refreshes before its first call', async (t) => {
  const { world, server, browser, first } = await signedIn(5, 2)
  await browser.sleep(ACCESS_TTL_SECONDS * 1000)
  const before = browser.way.requests
  t.equal(await world.outcome(call(first), 1000), 200)
  t.equal(server.refreshes.length, 1)
  t.equal(browser.way.requests - before, 2, 'the call is sent once')
})

t.test('a refresh that takes 8 seconds is not made a second time', async (t) => {
  const { world, server, browser } = await signedIn(6, 20)
  await world.play(ACCESS_TTL_SECONDS * 1000)
  browser.way.extraMs = 4000
  const calls = callAll(browser.pages)
  await world.play(7000)
  browser.way.extraMs = 0
  t.strictSame(new Set(await world.outcome(calls, 10_000)), new Set([200]))
  t.equal(server.refreshes.length, 1)
})

t.test(
  'in an outage, the calls of all tabs make three attempts, and keep the session',
  async (t) => {
    for (const fault of ['unavailable', 'portal', 'lost'] as const) {
      const { world, server, browser } = await signedIn(7, 20)
      await world.play(ACCESS_TTL_SECONDS * 1000)
      browser.way.fault = () => fault
      const before = browser.way.requests
      const calls = Promise.allSettled(browser.pages.map(call))
      const codes = (await world.outcome(calls, 20_000)).map((result) =>
        result.status === 'rejected' ? result.reason.code : result.value
      )
      t.strictSame(new Set(codes), new Set([fault === 'unavailable' ? 'UNAVAILABLE' : 'NETWORK']))
      t.equal(browser.way.requests - before, 3, fault)
      browser.way.fault = () => 'none'
      t.strictSame(new Set(await world.outcome(callAll(browser.pages), 5000)), new Set([200]))
      t.equal(server.refreshes.length, 1, 'and one refresh when it is over')
      t.strictSame(
        browser.pages.flatMap(({ ends }) => ends),
        []
      )
    }
  }
)

t.test('a tab that has learnt the end of the session reports it to the others', async (t) => {
  const { world, server, browser, first, id } = await signedIn(8, 5)
  server.endSession(id)
  t.equal(await world.outcome(call(first), 1000), 401)
  await world.play(1000)
  t.strictSame(
    browser.pages.map(({ ends }) => ends),
    browser.pages.map(() => ['ended'])
  )
})

t.test('a tab that was frozen does not replace a later login with its old result', async (t) => {
  await fc.assert(
    fc.asyncProperty(seeds, fc.integer({ min: 20, max: 200 }), async (seed, afterMs) => {
      const { world, browser, first } = await signedIn(seed, 2)
      const other = browser.openPage()
      await world.play(ACCESS_TTL_SECONDS * 1000)
      const frozenCall = call(first).catch(() => 0)
      await world.play(afterMs)
      first.tab.freeze()
      await world.outcome(other.client.logout(), 10_000)
      const { id } = await world.outcome(other.client.login(ada), 10_000)
      first.tab.thaw()
      await world.outcome(frozenCall, 60_000)
      await world.play(1000)
      for (const { client } of browser.pages) {
        const session = await world.outcome(client.session(), 5000)
        if (session?.id !== id) throw new Error(`${session?.id} instead of ${id}`)
      }
    }),
    runs(200)
  )
  t.pass('in every history')
})

t.test('after a login in another tab, no call of the old session is repeated', async (t) => {
  const { world, server, browser, first, id } = await signedIn(9, 2)
  const [, second] = browser.pages
  server.endSession(id)
  const login = second?.client.login(ada)
  const answer = await world.outcome(first.client.fetch('/orders'), 5000)
  await world.outcome(Promise.resolve(login), 5000)
  await world.play(1000)
  t.equal(answer.status, 401)
  t.match(first.ends, ['replaced'])
})
