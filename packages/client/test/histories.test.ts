import { runs } from '@gatehouse/fixtures/generated'
import fc from 'fast-check'
import t from 'tap'
import { authServer } from './fixtures/auth-server.ts'
import { device } from './fixtures/device.ts'
import { newWorld } from './fixtures/world.ts'

const ada = { email: 'ada@example.com', password: 'correct horse battery' }

type Step =
  | { readonly does: 'open' | 'call' | 'kill' | 'freeze' | 'thaw'; readonly page: number }
  | { readonly does: 'pass' | 'sleep' | 'clock'; readonly seconds: number }
  | { readonly does: 'offline' | 'online' }
  | { readonly does: 'faults'; readonly percent: number }

const page = fc.nat(7)
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ does: fc.constant('call' as const), page }) },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constantFrom('open' as const, 'kill' as const, 'freeze' as const, 'thaw' as const),
      page
    })
  },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constantFrom('pass' as const, 'pass' as const, 'sleep' as const),
      seconds: fc.constantFrom(0.05, 0.2, 1, 12, 200, 290, 400)
    })
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('clock' as const),
      seconds: fc.constantFrom(172_800, -172_800, 3600)
    })
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constantFrom('offline' as const, 'online' as const) })
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('faults' as const),
      percent: fc.constantFrom(0, 30, 90)
    })
  }
)

/** Plays a history on one browser, and then lets all faults end. */
async function history(seed: number, steps: readonly Step[]) {
  const world = newWorld(seed)
  const server = authServer(world)
  const browser = device(world, server)
  const { id } = await world.outcome(browser.openPage().client.login(ada), 5000)
  const faults = ['lost', 'unanswered', 'unavailable', 'portal', 'silent'] as const
  for (const step of steps) {
    const { pages, way } = browser
    const chosen = 'page' in step ? pages[step.page % pages.length] : undefined
    if (step.does === 'open' && pages.length < 8) browser.openPage()
    else if (step.does === 'call') void chosen?.client.fetch('/orders').catch(() => {})
    else if (step.does === 'kill' && pages.length > 1) chosen?.kill()
    else if (step.does === 'freeze') chosen?.tab.freeze()
    else if (step.does === 'thaw') chosen?.tab.thaw()
    else if (step.does === 'pass') await world.play(step.seconds * 1000)
    else if (step.does === 'sleep') await browser.sleep(step.seconds * 1000)
    else if (step.does === 'clock') browser.stepWallClock(step.seconds * 1000)
    else if (step.does === 'offline' || step.does === 'online') {
      way.isOffline = step.does === 'offline'
    } else if (step.does === 'faults') {
      const { percent } = step
      way.fault = () =>
        world.random() * 100 < percent ? (faults[world.pick(faults.length)] ?? 'none') : 'none'
    }
  }
  browser.way.isOffline = false
  browser.way.fault = () => 'none'
  for (const { tab } of browser.pages) tab.thaw()
  return { world, server, browser, id }
}

t.test('no fault of network, tabs or clocks signs anyone out', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.array(anyStep, { maxLength: 40 }), async (seed, steps) => {
      const { world, server, browser } = await history(seed, steps)
      await world.play(60_000)
      const calls = browser.pages.map(({ client }) => client.fetch('/orders'))
      const answers = await world.outcome(Promise.all(calls), 60_000)
      const facts = {
        ended: server.hasEndedWithoutCause(),
        reused: server.refreshes.filter(({ outcome }) => outcome === 'reused').length,
        told: browser.pages.flatMap(({ ends }) => ends),
        statuses: answers.map(({ status }) => status)
      }
      const fine = { ended: false, reused: 0, told: [], statuses: answers.map(() => 200) }
      if (JSON.stringify(facts) !== JSON.stringify(fine)) throw new Error(JSON.stringify(facts))
    }),
    runs(2000)
  )
  t.pass('in every history')
})

t.test('after a session has ended, every tab learns it and says so once', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.array(anyStep, { maxLength: 20 }), async (seed, steps) => {
      const { world, server, browser, id } = await history(seed, steps)
      await world.play(60_000)
      for (const { client } of browser.pages) await world.outcome(client.session(), 60_000)
      server.endSession(id)
      const calls = browser.pages.map(({ client }) => client.fetch('/orders'))
      const answers = await world.outcome(Promise.all(calls), 60_000)
      await world.play(1000)
      const sessions = browser.pages.map(({ client }) => client.session())
      const facts = {
        statuses: new Set(answers.map(({ status }) => status)),
        ends: browser.pages.map(({ ends }) => ends.join()),
        sessions: await world.outcome(Promise.all(sessions), 60_000)
      }
      const isFine =
        [...facts.statuses].join() === '401' &&
        facts.ends.every((ends) => ends === 'ended') &&
        facts.sessions.every((session) => session === null)
      if (!isFine) throw new Error(JSON.stringify({ ...facts, statuses: [...facts.statuses] }))
    }),
    runs(500)
  )
  t.pass('in every history')
})
