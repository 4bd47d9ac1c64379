import type { Job, Ran } from '../job.ts'

/** The result of a job: its assertions, as tap counts them, and the report to read if it failed. */
export type Outcome = {
  readonly passed: number
  readonly failed: number
  /** Titles of tests that did not run, with the reason. */
  readonly skipped: readonly string[]
  /** Failed assertions with their diagnostics; empty if the job passed. */
  readonly report: string
}

/** The summary line that a tap process prints last, e.g. `# { total: 12, pass: 11, fail: 1 }`. */
const TOTALS = /^# \{ (total: \d+.*) \}$/gm
const LONGEST_LINE = 400
const MOST_LINES = 200

export function outcomeOf({ kind }: Job, ran: Ran): Outcome {
  return kind === 'check' ? checkOutcome(ran) : testOutcome(ran)
}

function checkOutcome({ exitCode, stdout, stderr }: Ran): Outcome {
  if (exitCode === 0) return { passed: 1, failed: 0, skipped: [], report: '' }
  return { passed: 0, failed: 1, skipped: [], report: shortened([stdout, stderr]) }
}

/**
 * A file passes only if its summary has assertions, none of them failed, and its process exited
 * with code 0.
 */
function testOutcome(ran: Ran): Outcome {
  const { exitCode, stdout, stderr } = ran
  const totals = [...stdout.matchAll(TOTALS)].at(-1)?.[1] ?? ''
  const count = (name: string) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(totals)?.[1] ?? 0)
  const passed = count('pass')
  const skipped = skippedIn(stdout)
  const proved = passed + skipped.length > 0 && count('fail') === 0 && count('todo') === 0
  if (proved && exitCode === 0) return { passed, failed: 0, skipped, report: '' }
  const why = whyFailed(ran, totals === '', count)
  const report = shortened([why, failuresIn(stdout), stderr])
  return { passed, failed: Math.max(count('fail'), 1), skipped, report }
}

/** What the failed assertions do not say; empty if they say everything. */
function whyFailed(ran: Ran, isUnfinished: boolean, count: (name: string) => number): string {
  if (ran.timedOut) return 'killed after its time limit'
  const ended = ran.signal === null ? `exit code ${ran.exitCode}` : `killed by ${ran.signal}`
  if (isUnfinished) return `exited before its tests finished (${ended})`
  if (count('todo') > 0) return 'has a test marked todo'
  if (count('total') === 0) return 'has no assertions'
  return count('fail') > 0 ? '' : ended
}

/** `ok 3 - title # SKIP reason`, including nested tests. */
function skippedIn(stdout: string): string[] {
  const lines = stdout.matchAll(/^ *ok \d+ - (.*) # SKIP ?(.*)$/gm)
  return [...lines].map(([, title, reason]) => `${title} (${reason || 'no reason given'})`)
}

/** The failed assertions, each with the diagnostics that follow it. */
function failuresIn(stdout: string): string {
  const kept: string[] = []
  let inFailure = false
  for (const line of stdout.split('\n')) {
    const point = /^ *(not )?ok \d+/.exec(line)
    if (point !== null) inFailure = point[1] !== undefined
    if (inFailure) kept.push(line)
    if (/^ *\.\.\.$/.test(line)) inFailure = false
  }
  return kept.join('\n')
}

function shortened(texts: readonly string[]): string {
  const lines = texts
    .filter((text) => text !== '')
    .flatMap((text) => text.trimEnd().split('\n'))
    .map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)} …` : line))
  const left = lines.length - MOST_LINES
  if (left <= 0) return lines.join('\n')
  return [...lines.slice(0, MOST_LINES), `… and ${left} more lines`].join('\n')
}
