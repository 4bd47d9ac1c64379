import { marksIn } from '../batches/batch-mark.ts'
import type { Job, Ran } from '../job.ts'
import type { Timings } from '../timings.ts'
import { outcomeOf } from './outcome.ts'
import { type Finished, indented, type Summary, seconds, summary } from './summary.ts'

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

  const sumUp = (): Pick<Summary, 'failed' | 'skipped'> => {
    const { text, ...counts } = summary({ finished, suspects, wallMs: performance.now() - begun })
    write(text)
    return counts
  }
  return { onEnd, sumUp, timings: () => timingsOf(finished) }
}

/** The time that each file took, even in a batch. */
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
