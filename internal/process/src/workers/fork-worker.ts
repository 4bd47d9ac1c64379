import cluster from 'node:cluster'
import type { RunningService } from '../running-service.ts'
import { StartFault } from '../start-fault.ts'
import { type AskWorker, askWorker } from './ask-worker.ts'
import type { FromWorker, MetricSnapshot, Order, ToWorker } from './messages.ts'
import { StartFaultOfWorker } from './start-fault-of-worker.ts'

type Ready = Pick<RunningService, 'url' | 'opsUrl' | 'endsWithinMs'>

/** How a process ended. */
export type Exit = { readonly code: number | null; readonly signal: string | null }

/** A worker, as the primary process sees it. */
export type WorkerProcess = {
  readonly pid: number | undefined
  readonly owesMs: AskWorker['owesMs']
  /** whether it listens */
  readonly isUp: () => boolean
  /**
   * Resolves when it listens.
   * @throws StartFaultOfWorker if it cannot start; StartFault if it has ended without a reason
   */
  readonly up: Promise<Ready>
  /** Resolves when it has ended and everything that it said has arrived. */
  readonly ended: Promise<Exit>
  readonly ask: AskWorker['ask']
  /** the metrics that it told last */
  readonly metrics: () => MetricSnapshot
  order(order: Order): void
  /** Ends it at once, even if it hangs. */
  kill(): void
}

/** Starts a worker: this program again, as `cluster.settings` says. */
export function forkWorker(): WorkerProcess {
  const worker = cluster.fork()
  const { process: child } = worker
  const up = Promise.withResolvers<Ready>()
  const ended = Promise.withResolvers<Exit>()
  // There may be nothing to wait for it.
  up.promise.catch(() => {})
  const send = (message: ToWorker): void => {
    if (worker.isConnected()) child.send(message, () => {})
  }
  const { ask, hear: hearAnswer, owesMs, end: endQuestions } = askWorker(send)
  let ready = false
  let failed: { readonly code: string | undefined } | null = null
  let metrics: MetricSnapshot = []

  const hear = (told: FromWorker): void => {
    if ('ready' in told) {
      ready = true
      up.resolve(told.ready)
    } else if ('failed' in told) failed = told.failed
    else if ('lastMetrics' in told) metrics = told.lastMetrics
    else hearAnswer(told.answerTo, told.answer)
  }
  const over = (exit: Exit): void => {
    ready = false
    endQuestions()
    const how = exit.signal ?? `exit code ${exit.code}`
    up.reject(
      failed === null
        ? new StartFault(`a worker ended before it listened (${how})`)
        : new StartFaultOfWorker(failed.code)
    )
    ended.resolve(exit)
  }
  // A worker may end before everything that it said has been read from the channel.
  let parts = 0
  let exit: Exit = { code: null, signal: null }
  const onePart = (): void => {
    parts += 1
    if (parts === 2) over(exit)
  }
  worker.on('message', (message) => hear(message as FromWorker))
  worker.once('disconnect', onePart)
  child.once('exit', (code, signal) => {
    exit = { code, signal }
    onePart()
  })
  worker.on('error', () => {
    // There is no process, for example because the system has no room for another one.
    if (child.pid === undefined) over({ code: null, signal: null })
  })

  return {
    pid: child.pid,
    owesMs,
    isUp: () => ready,
    up: up.promise,
    ended: ended.promise,
    metrics: () => metrics,
    async ask(question, asked) {
      if (!ready) return null
      const answer = await ask(question, asked)
      if (question === 'metrics' && answer !== null) metrics = answer as MetricSnapshot
      return answer
    },
    order: (order) => send({ order }),
    kill: () => {
      child.kill('SIGKILL')
    }
  }
}
