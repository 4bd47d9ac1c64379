import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Job, Ran } from '../job.ts'

const LANE = fileURLToPath(import.meta.resolve('./lane.ts'))

type RunOptions = {
  readonly lanes: number
  readonly env: NodeJS.ProcessEnv
  /** Where the output of the jobs is written while they run. */
  readonly folder: string
  /** @returns the jobs to run next because of this result */
  readonly onEnd: (job: Job, ran: Ran) => readonly Job[]
}

/**
 * Runs jobs in parallel, the longest first. A job without a recorded time counts as the longest.
 */
export async function runJobs(jobs: readonly Job[], options: RunOptions): Promise<void> {
  const waiting = [...jobs].sort((one, other) => expected(other) - expected(one))
  const lane = async (): Promise<void> => {
    const worker = fork(LANE, [options.folder], { env: options.env })
    const ended = once(worker, 'exit').then(() => {
      throw new Error('a lane exited unexpectedly')
    })
    // While no job runs, nothing awaits this promise; an unhandled rejection would end the runner.
    ended.catch(() => {})
    try {
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
        waiting.unshift(...options.onEnd(job, await sendTo(worker, ended, job)))
      }
    } finally {
      if (worker.connected) worker.disconnect()
    }
  }
  await Promise.all(Array.from({ length: Math.min(options.lanes, jobs.length) }, lane))
}

const expected = ({ expectedSeconds }: Job): number => expectedSeconds ?? Number.MAX_VALUE

async function sendTo(worker: ChildProcess, ended: Promise<never>, job: Job): Promise<Ran> {
  worker.send(job)
  const [ran] = await Promise.race([once(worker, 'message'), ended])
  return ran as Ran
}
