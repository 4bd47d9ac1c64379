import { type Fault, faults } from '@gatehouse/fixtures/faults'

/** Makes docs/reliability.md: `npx node test/reliability-page.ts > docs/reliability.md`. */
export function reliabilityPage(): string {
  const rows = Object.values<Fault>(faults).map(
    ({ fault, statuses, affected, lost, unit, until, alert, test }) =>
      `| ${fault} | ${seen(statuses, affected)} | ${lost === 0 ? 'no' : `at most ${lost}`} ${unit} | ${until} | ${alertOf(alert)} | [${test.split('/').at(-1)}](../${test}) |`
  )
  return `${head}\n${rows.join('\n')}\n\n${foot}\n`
}

const seen = (statuses: readonly number[], affected: string): string =>
  statuses.length === 0 ? affected : `${statuses.join(' or ')}: ${affected}`

const alertOf = (alert: string | null): string =>
  alert === null ? '–' : `[\`${alert}\`](alerts.md#the-alerts)`

const head = `# What faults cost

This page is made from the bounds that tests assert (\`test/fixtures/faults.ts\`). Each test causes the fault on real processes or
stores, and takes the statuses and the numbers from the same place as this table. So a row that is not true fails its test.

| fault | what clients see | what is lost | until | alert | test |
|---|---|---|---|---|---|`

const foot = `A client keeps its tokens and repeats the request after a 502 or 503 ([errors.md](errors.md)). No fault in this table signs anybody out. The
table has no times: those depend on time-outs and intervals, which are settings. [guarantees.md](guarantees.md) lists the other tests of
faults: lost responses, lost writes, wrong clocks and generated histories.`

if (import.meta.main) process.stdout.write(reliabilityPage())
