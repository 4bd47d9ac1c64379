import type { Fault } from '@gatehouse/fixtures/fault'
import { faults } from '@gatehouse/fixtures/faults'

/** Makes docs/reliability.md: `npx node test/docs/reliability-page.ts > docs/reliability.md`. */
export function reliabilityPage(): string {
  const rows = Object.values<Fault>(faults).map(
    ({ fault, statuses, affected, lost, unit, until, endsWithinMs, alert, test }) =>
      `| ${fault} | ${seen(statuses, affected)} | ${lost === 0 ? 'no' : `at most ${lost}`} ${unit} | ${until} | ${timeOf(endsWithinMs)} | ${alertOf(alert)} | [${test.split('/').at(-1)}](../${test}) |`
  )
  return `${head}\n${rows.join('\n')}\n\n${foot}\n`
}

const seen = (statuses: readonly number[], affected: string): string =>
  statuses.length === 0 ? affected : `${statuses.join(' or ')} for ${affected}`

const alertOf = (alert: string | null): string =>
  alert === null ? '–' : `[\`${alert}\`](alerts.md#the-alerts)`

const timeOf = (ms: number | null): string => {
  if (ms === null) return '–'
  return ms === 0 ? 'at once' : `within ${ms / 1000} s`
}

const head = `# What faults cost

This table and the tests get their statuses and numbers from the same files (\`test/fixtures/faults\`). Each test causes its fault on
real processes or stores. So if a row is no longer true, its test fails.

| fault | what clients notice | what is lost | it ends when | recovery | alert | test |
|---|---|---|---|---|---|---|`

const foot = `After a 502 or 503, a client should keep its tokens and repeat the request ([errors.md](errors.md)). No fault in this table signs a user
out. [guarantees.md](guarantees.md) lists the tests of other faults: lost responses, lost writes, wrong clocks and generated histories.

"Recovery" is the longest time from the event under "it ends when" until the calls that failed succeed again, or until the process reports
that it is ready. The tests assert it, and do not count the time for which other programs use the processors. "At once" means with the next
request. "–" means that there is nothing to wait for, or that it takes as long as a process needs to start.

The automatic tests do not fill a disk. For tables, PostgreSQL is made to report the error of a full disk. For the logs of PostgreSQL and
Redis, the size of their files is limited (\`RLIMIT_FSIZE\`), so that their writes fail. On 30 November 2026, a file system of 96 MiB
with a real database was filled by hand. Calls that needed a new page of a table got 503 within 60 ms, refreshes succeeded, and PostgreSQL
continued to run. When there was space again, all calls succeeded without a restart. If there is no space for its write-ahead log,
PostgreSQL shuts down.`

if (import.meta.main) process.stdout.write(reliabilityPage())
