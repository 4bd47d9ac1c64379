import cluster from 'node:cluster'
import type { RunningService } from '../running-service.ts'
import { StartFault } from '../start-fault.ts'
import type {
  FromWorker,
  MetricSnapshot,
  Order,
  Question,
  Questions,
  ToWorker
} from './messages.ts'
import { StartFaultOfWorker } from './start-fault-of-worker.ts'

type Ready = Pick<RunningService, 'url' | 'opsUrl' | 'endsWithinMs'>

/** How a process ended. */
export type Exit = { readonly code: number | null; readonly signal: string | null }

/** A worker, as the primary process sees it. */
export type WorkerProcess = {
  readonly pid: number | undefined
  /** for how long it has owed an answer, in milliseconds; 0: it owes none */
  readonly owesMs: () => number
  /** whether it listens */
  readonly isUp: () => boolean
  /**
   * Resolves when it listens.
   * @throws StartFaultOfWorker if it cannot start; StartFault if it has ended without a reason
   */
  readonly up: Promise<Ready>
  /** Resolves when it has ended and everything that it said has arrived. */
  readonly ended: Promise<Exit>
  /** Null if there is no answer within the limit, for example because the worker hangs. */
  ask<Asked extends Question>(
    question: Asked,
    asked: Questions[Asked]['asked'],
    limitMs: number
  ): Promise<Questions[Asked]['answer'] | null>
  /** the metrics that it told last */
  readonly metrics: () => MetricSnapshot
  order(order: Order): void
  /** Ends it at once, even if it hangs. */
  kill(): void
}

/** A worker that owes this many answers is asked nothing, so that its channel does not fill up. */
const MOST_OWED = 3

/** Starts a worker: this program again, as `cluster.settings` says. */
export function forkWorker(): WorkerProcess {
  const worker = cluster.fork()
  const { process: child } = worker
  const up = Promise.withResolvers<Ready>()
  const ended = Promise.withResolvers<Exit>()
  // There may be nothing to wait for it.
  up.promise.catch(() => {})
  const asking = new Map<number, (answer: unknown) => void>()
  /** when each was asked */
  const owed = new Map<number, number>()
  let ready = false
  let failed: { readonly code: string | undefined } | null = null
  let metrics: MetricSnapshot = []
  let asks = 0

  const hear = (told: FromWorker): void => {
    if ('ready' in told) {
      ready = true
      up.resolve(told.ready)
    } else if ('failed' in told) failed = told.failed
    else if ('lastMetrics' in told) metrics = told.lastMetrics
    else {
      owed.delete(told.answerTo)
      asking.get(told.answerTo)?.(told.answer)
    }
  }
  const over = (exit: Exit): void => {
    ready = false
    for (const answer of asking.values()) answer(null)
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

  const send = (message: ToWorker): void => {
    if (worker.isConnected()) child.send(message, () => {})
  }
  return {
    pid: child.pid,
    owesMs() {
      const [oldest] = owed.values()
      return oldest === undefined ? 0 : performance.now() - oldest
    },
    isUp: () => ready,
    up: up.promise,
    ended: ended.promise,
    metrics: () => metrics,
    ask(question, asked, limitMs) {
      if (!ready || owed.size >= MOST_OWED) return Promise.resolve(null)
      asks += 1
      const ask = asks
      return new Promise((resolve) => {
        const late = setTimeout(() => asking.get(ask)?.(null), limitMs)
        owed.set(ask, performance.now())
        asking.set(ask, (answer) => {
          clearTimeout(late)
          asking.delete(ask)
          if (question === 'metrics' && answer !== null) metrics = answer as MetricSnapshot
          resolve(answer as Questions[typeof question]['answer'] | null)
        })
        if (asked === null) send({ ask, question: 'metrics' })
        else send({ ask, question: 'request', request: asked })
      })
    },
    order: (order) => send({ order }),
    kill: () => {
      child.kill('SIGKILL')
    }
  }
}
