import { writeFileSync } from 'node:fs'
import { themes } from '../charts/drawing.ts'
import { type LinePanel, lineChart } from '../charts/line-chart.ts'
import { table } from '../report/table.ts'
import {
  CLIENTS,
  capacityOf,
  day,
  impatientOutage,
  outage,
  release,
  type Scenario,
  type Step,
  secondsUntilWell,
  simulate,
  usualRate
} from './scenarios.ts'

/** The scenarios with the most requests have fewer clients, and less capacity in proportion. */
const CLIENTS_OF: ReadonlyMap<Scenario, number> = new Map([
  [release, CLIENTS],
  [outage, CLIENTS],
  [impatientOutage, CLIENTS / 100],
  [day, CLIENTS / 10]
])

const SOURCE =
  'Simulated with npm run bench -- simulate: clients as @gatehouse/client, which call every 20 s'

/**
 * Simulates what makes many clients refresh at the same time, and draws it for the documentation.
 * The result is the same in each run.
 * @returns a table
 */
export function storms(): string {
  const results = [...CLIENTS_OF].map(([scenario, count]) => ({
    scenario,
    count,
    steps: simulate(scenario, count)
  }))
  const panels = results.filter(({ scenario }) => scenario !== impatientOutage).map(panelOf)
  for (const theme of themes) {
    const picture = new URL(`../../../docs/pictures/storms-${theme}.svg`, import.meta.url)
    writeFileSync(picture, lineChart(panels, SOURCE, theme))
  }
  return table(HEADS, results.map(rowOf))
}

type Result = {
  readonly scenario: Scenario
  readonly count: number
  readonly steps: readonly Step[]
}

const HEADS = [
  'scenario',
  'usual rate',
  'capacity',
  'most requests per second',
  'until each client has a token'
]

function rowOf({ scenario, count, steps }: Result): string[] {
  const scale = CLIENTS / count
  const perSecond = (value: number) => Math.round(value * scale).toLocaleString('en')
  const seconds = secondsUntilWell(steps, scenario.endsAt, count)
  return [
    scenario.name,
    perSecond(usualRate(count)),
    perSecond(capacityOf(count)),
    perSecond(Math.max(...steps.map(({ asked }) => asked))),
    scenario === day ? '' : `${seconds} s`
  ]
}

function panelOf({ scenario, count, steps }: Result): LinePanel {
  const scale = CLIENTS / count
  const of = (key: 'asked' | 'done') => steps.map((step) => step[key] * scale)
  const last = scenario.seconds
  return {
    title: scenario.name,
    note: `requests per second of ${CLIENTS.toLocaleString('en')} active clients`,
    lines: [
      { label: 'refreshes that clients ask for', values: of('asked') },
      { label: 'refreshes that succeed', values: of('done') }
    ],
    times: [timeOf(0, last), timeOf(last / 2, last), timeOf(last, last)]
  }
}

const timeOf = (seconds: number, last: number): string =>
  last > 7200 ? `${seconds / 3600} h` : `${seconds / 60} min`
