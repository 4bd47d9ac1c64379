import { setTimeout as pause } from 'node:timers/promises'
import { type Exit, forkWorker, type WorkerProcess } from './fork-worker.ts'
import { addedCounts } from './merged-metrics.ts'
import type { MetricSnapshot } from './messages.ts'
import { type RestartPauses, restartPauses } from './restart-pauses.ts'

type Ready = Awaited<WorkerProcess['up']>

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
  /** the metrics that its workers told last, and what those had counted that have ended */
  readonly told: () => { readonly alive: MetricSnapshot[]; readonly ended: MetricSnapshot }
  reload(): void
  /**
   * Replaces the workers, one after the other: each drains only when its replacement is ready.
   * @throws as `WorkerProcess.up`; the remaining workers then stay
   */
  replaceAll(): Promise<void>
  /**
   * Lets all of them drain, and resolves when they have ended.
   * @throws Error if one had to be killed
   */
  end(): Promise<void>
}

/** A place of the pool. Its worker changes. */
type Place = { worker: WorkerProcess | null; readonly pauses: RestartPauses }

/** for the process to end after its service has closed */
const LAST_MS = 500

export function workerPool(
  workers: number,
  events: PoolEvents,
  { fork = forkWorker, clock = () => performance.now() } = {}
): WorkerPool {
  const places = Array.from(
    { length: workers },
    (): Place => ({
      worker: null,
      pauses: restartPauses()
    })
  )
  const alive = new Set<WorkerProcess>()
  const ending = new AbortController()
  let isStarted = false
  let endedCounts: MetricSnapshot = []

  const started = (place: Place): WorkerProcess => {
    const worker = fork()
    const sinceMs = clock()
    alive.add(worker)
    void worker.ended.then((exit) => {
      alive.delete(worker)
      endedCounts = addedCounts(endedCounts, worker.metrics())
      if (isStarted && place.worker === worker) void replaceDead(place, exit, clock() - sinceMs)
    })
    return worker
  }
  const replaceDead = async (place: Place, exit: Exit, livedMs: number): Promise<void> => {
    if (ending.signal.aborted) return
    const { worker: dead } = place
    const { pauseMs, failures } = place.pauses.next(livedMs)
    events.died(dead?.pid, exit, failures)
    await pause(pauseMs, undefined, { signal: ending.signal }).catch(() => {})
    if (!ending.signal.aborted && place.worker === dead) place.worker = started(place)
  }
  /** Whether it ended by itself. */
  const drained = async (worker: WorkerProcess): Promise<boolean> => {
    worker.order('end')
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
  const replace = async (place: Place): Promise<void> => {
    const next = started(place)
    try {
      await next.up
    } catch (error) {
      if (ending.signal.aborted) return
      throw error
    }
    const { worker: old } = place
    place.worker = next
    if (old !== null && !ending.signal.aborted) await drained(old)
  }

  return {
    async start() {
      const [first, ...others] = places.map((place) => () => {
        place.worker = started(place)
        return place.worker.up
      })
      if (first === undefined) throw new Error('a pool without workers')
      const ready = await first()
      await Promise.all(others.map((start) => start()))
      isStarted = true
      for (const place of places) {
        const { worker } = place
        if (worker === null || alive.has(worker)) continue
        // It died while others started.
        void worker.ended.then((exit) => replaceDead(place, exit, 0))
      }
      return ready
    },
    up: () => [...alive].filter((worker) => worker.isUp()),
    told: () => ({ alive: [...alive].map((worker) => worker.metrics()), ended: endedCounts }),
    reload() {
      for (const worker of alive) worker.order('reload')
    },
    async replaceAll() {
      for (const place of places) if (!ending.signal.aborted) await replace(place)
    },
    async end() {
      ending.abort()
      const isEach = await Promise.all([...alive].map(drained))
      if (isEach.includes(false)) throw new Error('a worker did not end in time, and was killed')
    }
  }
}
