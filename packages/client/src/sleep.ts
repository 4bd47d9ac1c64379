import type { Environment } from './environment.ts'

export const sleep = (environment: Environment, ms: number): Promise<void> =>
  new Promise((resolve) => {
    environment.after(ms, resolve)
  })

/** React Native has no `reason`, and no DOMException. */
const reasonOf = (signal: AbortSignal): unknown =>
  signal.reason ?? Object.assign(new Error('aborted'), { name: 'AbortError' })

/** The result of work that others may share: an abort ends only the wait for it. */
export function untilAborted<Result>(
  work: Promise<Result>,
  signal?: AbortSignal | null
): Promise<Result> {
  if (!signal) return work
  return new Promise((resolve, reject) => {
    const abort = () => reject(reasonOf(signal))
    const done = () => signal.removeEventListener('abort', abort)
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
    void work.then(resolve, reject).then(done)
  })
}
