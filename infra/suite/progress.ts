import type { Job, Ran } from './job.ts'
import { type Outcome, outcomeOf } from './outcome.ts'

export type Finished = { readonly job: Job; readonly ran: Ran; readonly outcome: Outcome }

const SLOWEST = 10
const seconds = (ms: number): string => (ms / 1000).toFixed(1)

/** Prints a line for each job as it ends, and what there is to say of all of them. */
export function progress(jobs: number, write: (text: string) => void) {
  const finished: Finished[] = []
  const begun = performance.now()

  const onEnd = (job: Job, ran: Ran): void => {
    const outcome = outcomeOf(job, ran)
    finished.push({ job, ran, outcome })
    const place = `[${String(finished.length).padStart(String(jobs).length)}/${jobs}]`
    const verdict = outcome.failed === 0 ? 'ok  ' : 'FAIL'
    write(`${place} ${verdict} ${seconds(ran.wallMs).padStart(6)} s  ${job.name}\n`)
    if (outcome.report !== '') write(`${indented(outcome.report)}\n`)
  }

  const sum = (of: (one: Finished) => number) => finished.reduce((total, one) => total + of(one), 0)
  const summary = (): { failed: number; skipped: number } => {
    const failed = sum(({ outcome }) => outcome.failed)
    const passed = sum(({ outcome }) => outcome.passed)
    const skipped = finished.flatMap(({ job, outcome }) =>
      outcome.skipped.map((title) => `  ${job.name}: ${title}`)
    )
    write(`\nSlowest, in seconds of wall time and of processor time:\n${slowest(finished)}\n`)
    if (skipped.length > 0) write(`\nSkipped:\n${skipped.join('\n')}\n`)
    const broken = finished.filter(({ outcome }) => outcome.failed > 0)
    for (const { job, outcome } of broken) write(`\n${job.name}\n${indented(outcome.report)}\n`)
    const wall = seconds(performance.now() - begun)
    const cpu = seconds(sum(({ ran }) => ran.cpuMs))
    write(`\n${finished.length} files, ${wall} s, ${cpu} s of processor time\n`)
    write(`${passed} passed, ${failed} failed, ${skipped.length} skipped\n`)
    return { failed, skipped: skipped.length }
  }
  return { onEnd, finished, summary }
}

function slowest(finished: readonly Finished[]): string {
  return [...finished]
    .sort((one, other) => other.ran.wallMs - one.ran.wallMs)
    .slice(0, SLOWEST)
    .map(({ job, ran }) => {
      const [wall, cpu] = [seconds(ran.wallMs).padStart(7), seconds(ran.cpuMs).padStart(7)]
      return `${wall} ${cpu}  ${job.name}`
    })
    .join('\n')
}

const indented = (text: string): string => text.replace(/^/gm, '    ')
