import type { Job, Ran } from '../job.ts'
import type { Outcome } from './outcome.ts'

export type Finished = { readonly job: Job; readonly ran: Ran; readonly outcome: Outcome }

/** All jobs of a run. */
type FinishedRun = {
  readonly finished: readonly Finished[]
  /** batches that failed; their files were run again alone */
  readonly suspects: readonly Finished[]
  readonly wallMs: number
}

export type Summary = { readonly text: string; readonly failed: number; readonly skipped: number }

const SLOWEST = 10
export const seconds = (ms: number): string => (ms / 1000).toFixed(1)
export const indented = (text: string): string => text.replace(/^/gm, '    ')

/** The end of the report: what was slow, skipped and failed, and the sums. */
export function summary({ finished, suspects, wallMs }: FinishedRun): Summary {
  const all = [...finished, ...suspects.filter((batch) => failsOnlyTogether(batch, finished))]
  const sum = (of: (one: Finished) => number) => all.reduce((total, one) => total + of(one), 0)
  const skipped = all.flatMap(({ job, outcome }) =>
    outcome.skipped.map((title) => `  ${job.name}: ${title}`)
  )
  const files = sum(({ job }) => job.files.length)
  const cpuMs = [...finished, ...suspects].reduce((total, { ran }) => total + ran.cpuMs, 0)
  const failed = sum(({ outcome }) => outcome.failed)
  const passed = sum(({ outcome }) => outcome.passed)
  const text = [
    `\nSlowest, in seconds of wall time and of processor time:\n${slowest(finished)}\n`,
    skipped.length > 0 ? `\nSkipped:\n${skipped.join('\n')}\n` : '',
    ...all.filter(({ outcome }) => outcome.failed > 0).map(failure),
    `\n${files} ${files === 1 ? 'file' : 'files'}, ${seconds(wallMs)} s, ${seconds(cpuMs)} s of processor time\n`,
    `${passed} passed, ${failed} failed, ${skipped.length} skipped\n`
  ]
  return { text: text.join(''), failed, skipped: skipped.length }
}

/**
 * Whether a failed batch has no file that fails alone. Then one file of the batch affects another.
 */
const failsOnlyTogether = ({ job }: Finished, finished: readonly Finished[]): boolean =>
  !finished.some((one) => one.outcome.failed > 0 && job.files.includes(one.job.name))

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

function failure({ job, outcome }: Finished): string {
  const together =
    job.files.length > 1 ? ` failed only when run together: ${job.files.join(' ')}` : ''
  return `\n${job.name}${together}\n${indented(outcome.report)}\n`
}
