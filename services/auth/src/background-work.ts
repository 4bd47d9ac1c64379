import { Refusal } from '@gatehouse/problem/refusal'

/** Work that this process or another one may have left undone. */
export type Job = {
  /** what the log calls it */
  readonly name: string
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
  return { cause: cause instanceof Error ? `${reason}: ${cause.message}` : reason }
}

/** Runs all jobs one after the other, again and again, until it is closed. */
export function backgroundWork(options: {
  readonly jobs: readonly Job[]
  /** is called when a fault of a job begins or changes, not at every failed attempt */
  readonly onFault: (job: string, error: unknown) => void
  /** the pause after each round */
  readonly intervalMs?: number
}): { close(): Promise<void> } {
  const { jobs, onFault, intervalMs = 1000 } = options
  const faults = new Map<string, string>()
  let closed = false
  let timer: NodeJS.Timeout
  const round = async (): Promise<void> => {
    for (const { name, run } of jobs) {
      try {
        await run()
        faults.delete(name)
      } catch (error) {
        const fault = error instanceof Error ? error.message : String(error)
        if (fault !== faults.get(name)) onFault(name, error)
        faults.set(name, fault)
      }
    }
  }
  let underWay = Promise.resolve()
  const schedule = (): void => {
    timer = setTimeout(() => {
      underWay = round().then(() => {
        if (!closed) schedule()
      })
    }, intervalMs).unref()
  }
  schedule()
  return {
    async close() {
      closed = true
      clearTimeout(timer)
      await underWay
    }
  }
}
