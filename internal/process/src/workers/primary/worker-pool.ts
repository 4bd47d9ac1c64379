import { setTimeout as pause } from 'node:timers/promises'
import type { Ready } from '../../start/start-message.ts'
import type { MetricSnapshot } from '../messages.ts'
import { type Exit, forkWorker, type WorkerProcess } from './fork-worker.ts'
import { addedCounts } from './merged-metrics.ts'
import { type RestartPauses, restartPauses } from './restart-pauses.ts'

export type PoolEvents = {
  /** a worker has ended that should not have */
  died(pid: number | undefined, exit: Exit, failures: number): void
  /** a worker did not end within the time that it has, and was killed */
  killed(pid: number | undefined): void
}

/** The workers of a service. */
export type WorkerPool = {
  /**
   * Starts all of them, the first one alone: if it cannot start, the others would say the same.
   * @throws as `WorkerProcess.up`
   */
  start(): Promise<Ready>
  /** those that listen */
  readonly up: () => WorkerProcess[]
  /** the metrics that its workers reported last, and what those had counted that have ended */
  readonly told: () => { readonly alive: MetricSnapshot[]; readonly ended: MetricSnapshot }
  reload(): void
  /** whether an operator has taken the service out of service: then new workers are told too */
  readonly isDrained: () => boolean
  /**
   * Replaces the workers, one after the other: each drains only when its replacement is ready.
   * @throws as `WorkerProcess.up`; the remaining workers then stay
   */
  replaceAll(): Promise<void>
  /**
   * Lets all of them drain, and resolves when they have ended.
   * @param closeListeners closes the listeners of the primary process. Called when the first worker
   * has drained; until it resolves, all of them still take connections.
   * @throws Error if one had to be killed
   */
  end(closeListeners: () => Promise<void>): Promise<void>
}

/** A slot of the pool. Its worker changes. */
type Slot = { worker: WorkerProcess | null; readonly pauses: RestartPauses }

/** A pool, and what has happened to it so far. */
type State = {
  readonly events: PoolEvents
  readonly fork: (onDrainAll: (isDrained: boolean) => void) => WorkerProcess
  /** in milliseconds, never set back */
  readonly clock: () => number
  readonly slots: readonly Slot[]
  readonly alive: Set<WorkerProcess>
  /** aborted when the pool ends */
  readonly ending: AbortSignal
  /** whether every slot has had a worker that listens */
  isStarted: boolean
  isDrained: boolean
  /** what the workers that have ended had counted */
  endedCounts: MetricSnapshot
}

/** for the process to end after its service has closed */
const LAST_MS = 500

export function workerPool(
  workers: number,
  events: PoolEvents,
  { fork = forkWorker, clock = () => performance.now() } = {}
): WorkerPool {
  const ending = new AbortController()
  const pool: State = {
    events,
    fork,
    clock,
    slots: Array.from({ length: workers }, () => ({ worker: null, pauses: restartPauses() })),
    alive: new Set(),
    ending: ending.signal,
    isStarted: false,
    isDrained: false,
    endedCounts: []
  }
  const { alive } = pool
  return {
    start: () => startAll(pool),
    up: () => [...alive].filter((worker) => worker.isUp()),
    told: () => ({ alive: [...alive].map((worker) => worker.metrics()), ended: pool.endedCounts }),
    reload() {
      for (const worker of alive) worker.order('reload')
    },
    isDrained: () => pool.isDrained,
    async replaceAll() {
      for (const slot of pool.slots) if (!pool.ending.aborted) await replace(pool, slot)
    },
    async end(closeListeners) {
      ending.abort()
      let closed: Promise<void> | undefined
      const beforeClose = (): Promise<void> => {
        closed ??= closeListeners()
        return closed
      }
      const isEach = await Promise.all(
        [...alive].map((worker) => ended(worker, events, beforeClose))
      )
      if (isEach.includes(false)) throw new Error('a worker did not end in time, and was killed')
    }
  }
}

async function startAll(pool: State): Promise<Ready> {
  const [first, ...others] = pool.slots.map((slot) => () => {
    slot.worker = startWorker(pool, slot)
    return slot.worker.up
  })
  if (first === undefined) throw new Error('a pool without workers')
  const ready = await first()
  await Promise.all(others.map((start) => start()))
  pool.isStarted = true
  for (const slot of pool.slots) {
    const { worker } = slot
    if (worker === null || pool.alive.has(worker)) continue
    // It died while others started.
    void worker.ended.then((exit) => replaceDead(pool, slot, exit, 0))
  }
  return ready
}

/** Starts a worker for a slot, and replaces it if it dies. */
function startWorker(pool: State, slot: Slot): WorkerProcess {
  const worker = pool.fork((isDrained) => {
    pool.isDrained = isDrained
    for (const one of pool.alive) one.setDrained(isDrained)
  })
  worker.up.then(() => worker.setDrained(pool.isDrained)).catch(() => {})
  const sinceMs = pool.clock()
  pool.alive.add(worker)
  void worker.ended.then((exit) => {
    pool.alive.delete(worker)
    pool.endedCounts = addedCounts(pool.endedCounts, worker.metrics())
    const livedMs = pool.clock() - sinceMs
    if (pool.isStarted && slot.worker === worker) void replaceDead(pool, slot, exit, livedMs)
  })
  return worker
}

async function replaceDead(pool: State, slot: Slot, exit: Exit, livedMs: number): Promise<void> {
  const { ending, events } = pool
  if (ending.aborted) return
  const { worker: dead } = slot
  const { pauseMs, failures } = slot.pauses.next(livedMs)
  events.died(dead?.pid, exit, failures)
  await pause(pauseMs, undefined, { signal: ending }).catch(() => {})
  if (!ending.aborted && slot.worker === dead) slot.worker = startWorker(pool, slot)
}

/** Replaces the worker of a slot by one that is ready. */
async function replace(pool: State, slot: Slot): Promise<void> {
  const next = startWorker(pool, slot)
  try {
    await next.up
  } catch (error) {
    if (pool.ending.aborted) return
    throw error
  }
  const { worker: old } = slot
  slot.worker = next
  if (old !== null && !pool.ending.aborted) await ended(old, pool.events)
}

/** Whether a worker ends by itself after it was asked to. If not, it is killed. */
async function ended(
  worker: WorkerProcess,
  events: PoolEvents,
  beforeClose = async () => {}
): Promise<boolean> {
  worker.order('end')
  void worker.drained.then(beforeClose).then(worker.letClose)
  const timer = new AbortController()
  const late = worker.up
    .then(({ endsWithinMs }) => pause(endsWithinMs + LAST_MS, 'late', { signal: timer.signal }))
    .catch(() => worker.ended)
  const isLate = (await Promise.race([worker.ended, late])) === 'late'
  timer.abort()
  if (!isLate) return true
  events.killed(worker.pid)
  worker.kill()
  await worker.ended
  return false
}
