import { readFileSync } from 'node:fs'
import t from 'tap'
import { lineChart } from '../charts/line-chart.ts'
import { agenda } from '../simulation/agenda.ts'
import { LEAD, ourClient, TOKEN_SECONDS } from '../simulation/clients.ts'
import {
  impatientOutage,
  outage,
  PLACES,
  release,
  type Step,
  secondsUntilWell,
  simulate
} from '../simulation/scenarios.ts'

const CLIENTS = 3000
/** They ask ten times per second each. */
const IMPATIENT = 100

/** Requests per second and client while no refresh succeeds. */
const askedPerClient = (steps: readonly Step[], count: number): number => {
  const during = steps.filter(({ time }) => time >= 400 && time < outage.endsAt)
  return during.reduce((sum, { asked }) => sum + asked, 0) / during.length / count
}

const source = (path: string): string =>
  readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')

t.test('the simulation has the numbers of @gatehouse/client and of the settings', async (t) => {
  const backoff = source('packages/client/src/session/backoff.ts')
  t.equal(Number(/const ATTEMPTS = (\d+)\n/.exec(backoff)?.[1]), ourClient.attempts)
  t.match(
    backoff,
    'return (retryAfter ? retryAfter * 1000 : pause) * (1 + environment.random() / 4)'
  )
  t.strictSame([ourClient.pause(7, 2, () => 0), ourClient.pause(7, 2, () => 1)], [2, 2.5])
  const { least, range } = LEAD
  const lead = `message.leftMs * (${least} + ${range} * environment.random())`
  t.match(source('packages/client/src/session/session.ts'), lead)
  const settings = source('docs/settings.md')
  t.match(settings, `| \`AUTH_ACCESS_TTL_SECONDS\` | \`${TOKEN_SECONDS}\` |`)
  t.match(settings, `| \`GATEWAY_UPSTREAM_CONNECTIONS\` | \`${PLACES}\` |`)
})

t.test('what is due at the same time happens in the order in which it was planned', async (t) => {
  const time = agenda()
  const done: string[] = []
  for (const [at, name] of [
    [3, 'd'],
    [1, 'a'],
    [2, 'b'],
    [2, 'c'],
    [4, 'never']
  ] as const) {
    time.at(at, () => done.push(`${name} at ${time.now}`))
  }
  time.runUntil(4)
  t.strictSame(done, ['a at 1', 'b at 2', 'c at 2', 'd at 3'])
  t.equal(time.now, 4)
})

t.test('clients with pauses ask rarely in an outage, and all get tokens after it', async (t) => {
  const patient = simulate(outage, CLIENTS)
  const asked = askedPerClient(patient, CLIENTS)
  t.ok(asked < 0.2, `${asked} per second`)
  t.equal(Math.max(...patient.slice(100, 600).map(({ done }) => done)), 0)
  t.ok(secondsUntilWell(patient, outage.endsAt, CLIENTS) < 400)
  const asking = askedPerClient(simulate(impatientOutage, IMPATIENT), IMPATIENT)
  t.ok(asking > 5, `${asking} per second`)
})

t.test('after a release, each client refreshes once', async (t) => {
  const steps = simulate(release, CLIENTS)
  const refreshed = steps
    .filter(({ time }) => time >= 60 && time < 200)
    .reduce((sum, { done }) => sum + done, 0)
  t.ok(refreshed >= CLIENTS && refreshed < 1.6 * CLIENTS, `${refreshed}`)
  t.ok(secondsUntilWell(steps, release.endsAt, CLIENTS) < 200)
})

t.test('a line chart says its highest values in words', async (t) => {
  const lines = [{ label: 'a < b', values: [0, 2, 1500] }]
  const chart = lineChart(
    [{ title: 'Title', note: 'note', lines, times: ['0', '1', '2'] }],
    'source',
    'dark'
  )
  t.match(chart, 'Title (note): a &lt; b, at most 1,500.')
  t.notMatch(chart, 'a < b')
})
