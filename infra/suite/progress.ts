import { marksIn } from './batch-mark.ts'
import type { Job, Ran } from './job.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import type { Timings } from './timings.ts'

type Finished = { readonly job: Job; readonly ran: Ran; readonly outcome: Outcome }

const SLOWEST = 10
const seconds = (ms: number): string => (ms / 1000).toFixed(1)

/** Prints a line for each job as it ends, and a summary after the last. */
export function progress(jobs: number, write: (text: string) => void) {
  const finished: Finished[] = []
  /** Batches that failed. Their files run again alone, to find out which of them fail. */
  const suspects: Finished[] = []
  let expected = jobs
  let ended = 0
  const begun = performance.now()

  const line = (verdict: string, { job, ran }: Finished): void => {
    ended += 1
    const place = `[${String(ended).padStart(String(expected).length)}/${expected}]`
    write(`${place} ${verdict} ${seconds(ran.wallMs).padStart(6)} s  ${job.name}\n`)
  }

  /** @returns the files of a batch that failed, each to be run alone */
  const onEnd = (job: Job, ran: Ran): readonly string[] => {
    const one = { job, ran, outcome: outcomeOf(job, ran) }
    if (one.outcome.failed > 0 && job.files.length > 1) {
      suspects.push(one)
      expected += job.files.length
      line('FAIL', one)
      write('    running each file alone\n')
      return job.files
    }
    finished.push(one)
    line(one.outcome.failed === 0 ? 'ok  ' : 'FAIL', one)
    if (one.outcome.report !== '') write(`${indented(one.outcome.report)}\n`)
    return []
  }

  const summary = (): { failed: number; skipped: number } => {
    const all = [...finished, ...suspects.filter((batch) => failsOnlyTogether(batch, finished))]
    const sum = (of: (one: Finished) => number) => all.reduce((total, one) => total + of(one), 0)
    const skipped = all.flatMap(({ job, outcome }) =>
      outcome.skipped.map((title) => `  ${job.name}: ${title}`)
    )
    write(`\nSlowest, in seconds of wall time and of processor time:\n${slowest(finished)}\n`)
    if (skipped.length > 0) write(`\nSkipped:\n${skipped.join('\n')}\n`)
    for (const { job, outcome } of all.filter((one) => one.outcome.failed > 0)) {
      const together =
        job.files.length > 1 ? ` failed only when run together: ${job.files.join(' ')}` : ''
      write(`\n${job.name}${together}\n${indented(outcome.report)}\n`)
    }
    const files = sum(({ job }) => job.files.length)
    const cpu = [...finished, ...suspects].reduce((total, { ran }) => total + ran.cpuMs, 0)
    const wall = performance.now() - begun
    write(
      `\n${files} ${files === 1 ? 'file' : 'files'}, ${seconds(wall)} s, ${seconds(cpu)} s of processor time\n`
    )
    const failed = sum(({ outcome }) => outcome.failed)
    const passed = sum(({ outcome }) => outcome.passed)
    write(`${passed} passed, ${failed} failed, ${skipped.length} skipped\n`)
    return { failed, skipped: skipped.length }
  }
  return { onEnd, summary, timings: () => timingsOf(finished) }
}

/**
 * Whether a failed batch has no file that fails alone. Then one file of the batch affects another.
 */
const failsOnlyTogether = ({ job }: Finished, finished: readonly Finished[]): boolean =>
  !finished.some((one) => one.outcome.failed > 0 && job.files.includes(one.job.name))

/** The time that each file took, also in a batch. */
function timingsOf(finished: readonly Finished[]): Timings {
  const rows = finished.flatMap(({ job, ran }) => {
    const marks = marksIn(ran.stdout)
    return marks.length > 0 ? marks : [{ file: job.name, wallMs: ran.wallMs, cpuMs: ran.cpuMs }]
  })
  const tenths = (ms: number) => Math.round(ms / 100) / 10
  return Object.fromEntries(
    rows.map(({ file, wallMs, cpuMs }) => [
      file,
      { wallSeconds: tenths(wallMs), cpuSeconds: tenths(cpuMs) }
    ])
  )
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
