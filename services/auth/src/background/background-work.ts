import { Refusal } from '@gatehouse/problem/refusal'
import { faultCause } from '@gatehouse/redis/fault-cause'

/** Work that this process or another one may have left undone. */
export type Job = {
  /** what the log calls it */
  readonly name: string
  /** has a loop of its own, because it must not wait for other jobs */
  readonly isUrgent?: boolean
  /** is also run before the first pause: the gateways wait for it */
  readonly isDueAtStart?: boolean
  /** @throws an error that prevents it; the work stays due */
  run(): Promise<unknown>
}

/**
 * A fault for the log. An outage has a reason and a cause; only a bug needs a stack.
 * @returns the members of the line
 */
export function faultOfJob(error: unknown): { cause: string } | { err: unknown } {
  if (!(error instanceof Refusal)) return { err: error }
  const { reason, cause } = error
  return { cause: cause instanceof Error ? `${reason}: ${faultCause(cause)}` : reason }
}

/**
 * Makes attempts that may fail. A fault is reported when it begins or changes, not at every failed
 * attempt.
 * @returns a function that makes one attempt, and does not throw
 */
export function reportedFaults(onFault: (name: string, error: unknown) => void) {
  const faults = new Map<string, string>()
  return async (name: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work()
      faults.delete(name)
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error)
      if (fault !== faults.get(name)) onFault(name, error)
      faults.set(name, fault)
    }
  }
}

type Work = {
  readonly jobs: readonly Job[]
  /** as `reportedFaults` has it */
  readonly onFault: (job: string, error: unknown) => void
  /** the pause after each round */
  readonly intervalMs?: number
}

/** Runs all jobs again and again until it is closed: the urgent ones alone, the others in turn. */
export function backgroundWork({ jobs, ...work }: Work): { close(): Promise<void> } {
  const alone = jobs.filter((job) => job.isUrgent)
  const inTurn = jobs.filter((job) => !job.isUrgent)
  const loops = [inTurn, ...alone.map((job) => [job])].map((some) => loop({ jobs: some, ...work }))
  return {
    async close() {
      await Promise.all(loops.map((one) => one.close()))
    }
  }
}

function loop({ jobs, onFault, intervalMs = 1000 }: Work): { close(): Promise<void> } {
  const attempt = reportedFaults(onFault)
  let closed = false
  let timer: NodeJS.Timeout
  const round = async (due: readonly Job[]): Promise<void> => {
    for (const { name, run } of due) await attempt(name, run)
  }
  let underWay = Promise.resolve()
  const begin = (due: readonly Job[]): void => {
    underWay = round(due).then(() => {
      if (!closed) timer = setTimeout(begin, intervalMs, jobs).unref()
    })
  }
  begin(jobs.filter(({ isDueAtStart }) => isDueAtStart))
  return {
    async close() {
      closed = true
      clearTimeout(timer)
      await underWay
    }
  }
}
