import cluster, { type Worker } from 'node:cluster'
import { StartFault } from '../../start/start-fault.ts'
import type { Ready } from '../../start/start-message.ts'
import type { FromWorker, MetricSnapshot, Order, ToWorker } from '../messages.ts'
import { StartFaultOfWorker } from '../start-fault-of-worker.ts'
import { type AskWorker, askWorker } from './ask-worker.ts'

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
  /** Resolves when it has drained and would close its listeners. */
  readonly drained: Promise<void>
  /** Resolves when it has ended and everything that it said has arrived. */
  readonly ended: Promise<Exit>
  readonly ask: AskWorker['ask']
  /** the metrics that it reported last */
  readonly metrics: () => MetricSnapshot
  order(order: Order): void
  /** Tells it whether an operator has taken the service out of service. */
  setDrained(isDrained: boolean): void
  /** Lets it close its listeners, once it has drained. */
  letClose(): void
  /** Ends it at once, even if it hangs. */
  kill(): void
}

/**
 * Starts a worker: this program again, as `cluster.settings` says.
 * @param onDrainAll is called when an operator has told it to drain, or not to
 */
export function forkWorker(onDrainAll: (isDrained: boolean) => void = () => {}): WorkerProcess {
  const worker = cluster.fork()
  const { process: child } = worker
  const send = (message: ToWorker): void => {
    if (worker.isConnected()) child.send(message, () => {})
  }
  const questions = askWorker(send)
  const state: State = {
    worker,
    onDrainAll,
    questions,
    up: Promise.withResolvers(),
    drained: Promise.withResolvers(),
    ended: Promise.withResolvers(),
    isReady: false,
    failed: null,
    metrics: []
  }
  // Possibly no code awaits this promise, so its rejection is handled here.
  state.up.promise.catch(() => {})
  worker.on('message', (message) => hear(state, message as FromWorker))
  followEnd(state)
  return {
    pid: child.pid,
    owesMs: questions.owesMs,
    isUp: () => state.isReady,
    up: state.up.promise,
    drained: state.drained.promise,
    ended: state.ended.promise,
    metrics: () => state.metrics,
    async ask(question, asked) {
      if (!state.isReady) return null
      const answer = await questions.ask(question, asked)
      if (question === 'metrics' && answer !== null) state.metrics = answer as MetricSnapshot
      return answer
    },
    order: (order) => send({ order }),
    setDrained: (drainedByOperator) => send({ drainedByOperator }),
    letClose: () => send({ mayClose: true }),
    kill: () => {
      child.kill('SIGKILL')
    }
  }
}

/** What is known of a worker. */
type State = {
  readonly worker: Worker
  readonly onDrainAll: (isDrained: boolean) => void
  readonly questions: ReturnType<typeof askWorker>
  readonly up: PromiseWithResolvers<Ready>
  readonly drained: PromiseWithResolvers<void>
  readonly ended: PromiseWithResolvers<Exit>
  isReady: boolean
  /** why it could not start */
  failed: { readonly code: string | undefined } | null
  metrics: MetricSnapshot
}

function hear(state: State, told: FromWorker): void {
  if ('ready' in told) {
    state.isReady = true
    state.up.resolve(told.ready)
  } else if ('failed' in told) state.failed = told.failed
  else if ('drained' in told) state.drained.resolve()
  else if ('drainAll' in told) state.onDrainAll(told.drainAll)
  else if ('lastMetrics' in told) state.metrics = told.lastMetrics
  else state.questions.hear(told.answerTo, told.answer)
}

/** A worker may end before everything that it said has been read from the channel. */
function followEnd(state: State): void {
  const { worker } = state
  const { process: child } = worker
  let parts = 0
  let exit: Exit = { code: null, signal: null }
  const onePart = (): void => {
    parts += 1
    if (parts === 2) end(state, exit)
  }
  worker.once('disconnect', onePart)
  child.once('exit', (code, signal) => {
    exit = { code, signal }
    onePart()
  })
  worker.on('error', () => {
    // There is no process, for example because the system has no room for another one.
    if (child.pid === undefined) end(state, { code: null, signal: null })
  })
}

function end(state: State, exit: Exit): void {
  const { up, ended, questions, failed } = state
  state.isReady = false
  questions.end()
  const how = exit.signal ?? `exit code ${exit.code}`
  up.reject(
    failed === null
      ? new StartFault(`a worker ended before it listened (${how})`)
      : new StartFaultOfWorker(failed.code)
  )
  ended.resolve(exit)
}
