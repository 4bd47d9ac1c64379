import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Job, Ran } from './job.ts'

const LANE = fileURLToPath(import.meta.resolve('./lane.ts'))

/** Runs jobs side by side, the longest first: those that nobody has timed yet might be the longest. */
export async function runJobs(
  jobs: readonly Job[],
  options: { lanes: number; env: NodeJS.ProcessEnv; onEnd: (job: Job, ran: Ran) => void }
): Promise<void> {
  const waiting = [...jobs].sort((one, other) => expected(other) - expected(one))
  const lane = async (): Promise<void> => {
    const worker = fork(LANE, { env: options.env })
    try {
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
        options.onEnd(job, await sendTo(worker, job))
      }
    } finally {
      if (worker.connected) worker.disconnect()
    }
  }
  await Promise.all(Array.from({ length: Math.min(options.lanes, jobs.length) }, lane))
}

const expected = ({ expectedSeconds }: Job): number => expectedSeconds ?? Number.MAX_VALUE

async function sendTo(worker: ChildProcess, job: Job): Promise<Ran> {
  const ended = once(worker, 'exit').then(() => {
    throw new Error(`the lane that ran ${job.name} ended by itself`)
  })
  worker.send(job)
  const [ran] = await Promise.race([once(worker, 'message'), ended])
  return ran as Ran
}
