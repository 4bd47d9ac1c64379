import cluster from 'node:cluster'
import { randomUUID } from 'node:crypto'
import type { ProcessTls } from '@gatehouse/tls/process-tls'
import { Counter, Gauge, type Registry } from 'prom-client'
import { type ListenAddress, listenAs } from '../../listening/listen-as.ts'
import { DRAINED, ENDING } from '../../ops/ops-listener.ts'
import { processMetrics } from '../../ops/process-metrics.ts'
import type { RunningService } from '../../start/running-service.ts'
import { StartFault } from '../../start/start-fault.ts'
import { withClosing } from '../../start/with-closing.ts'
import { WORKER_ARGUMENT } from '../as-worker.ts'
import { StartFaultOfWorker } from '../start-fault-of-worker.ts'
import { buildPrimaryOps, type PrimaryOpsOptions } from './primary-ops.ts'
import { type ClientOf, waitingConnections } from './waiting-connections.ts'
import { type PoolEvents, type WorkerPool, workerPool } from './worker-pool.ts'

type PrimaryOptions = Pick<PrimaryOpsOptions, 'log' | 'hosts' | 'merged' | 'workers'> & {
  /** of the service, such as `gateway` */
  readonly name: string
  readonly tls: ProcessTls
  /** of the ops listener */
  readonly at: ListenAddress
  /** for the connections that wait for a worker */
  readonly clientOf: ClientOf
}

/** for the primary process itself, after its last worker has ended */
const LAST_MS = 1000

/**
 * Starts several workers of a service on one port, and keeps them running: each is this program
 * again. The primary process has the ops listener, and hands out the connections of the others
 * in turn (docs/decisions/0037-workers-get-their-connections-from-a-primary-process.md).
 * @throws StartFault if it cannot listen; as `WorkerPool.start`
 */
export const startPrimary = (options: PrimaryOptions): Promise<RunningService> =>
  withClosing((closing) => open(options, closing))

async function open(
  options: PrimaryOptions,
  closing: AsyncDisposableStack
): Promise<RunningService> {
  const { name, workers, tls, at } = options
  if (!cluster.isPrimary) {
    throw new StartFault(
      `${name.toUpperCase()}_WORKERS must be 1: this process is already a worker of node:cluster`
    )
  }
  let isEnding = false
  closing.defer(tls.close)
  const metrics = processMetrics(name)
  const pool = workerPool(workers, poolEvents(options, metrics))
  countWorkers(name, metrics, pool, workers)
  const https = tls.ops?.options ?? null
  const drained = () => (pool.isDrained() ? DRAINED : null)
  const draining = () => (isEnding ? ENDING : drained())
  const ops = buildPrimaryOps({ ...options, metrics, pool, https, draining })
  closing.defer(() => ops.close())
  const opsUrl = await listenAs(`${name.toUpperCase()}_OPS`, { app: ops, at }, tls.ops)

  const waiting = waitingConnections(options.clientOf)
  closing.defer(waiting.end)
  closing.defer(() => pool.end(waiting.closeListeners))
  cluster.schedulingPolicy = cluster.SCHED_RR
  // 'advanced', because a metric may be infinite, which JSON cannot say.
  const args = [WORKER_ARGUMENT, opsUrl, randomUUID()]
  cluster.setupPrimary({ args, serialization: 'advanced' })
  const { url, endsWithinMs } = await pool.start()
  let isReplacing = false
  return {
    name,
    url,
    opsUrl,
    endsWithinMs: endsWithinMs + LAST_MS,
    reload() {
      pool.reload()
      tls.reload()
    },
    replaceWorkers() {
      if (isReplacing) return
      isReplacing = true
      void replaceAll(options, pool).finally(() => {
        isReplacing = false
      })
    },
    async drain() {
      options.log.info('draining all workers before exit')
      isEnding = true
    },
    close: () => closing.disposeAsync()
  }
}

/** The log says once that a worker has died, and once that its replacements die too. */
function poolEvents({ name: service, log }: PrimaryOptions, metrics: Registry): PoolEvents {
  const restarts = new Counter({
    name: `${service}_worker_restarts_total`,
    help: 'Workers that were started because another one had died',
    registers: [metrics]
  })
  return {
    died(worker, exit, failures) {
      restarts.inc()
      const fields = { worker, ...exit }
      if (failures === 1) log.error(fields, 'a worker has died; another one takes its place')
      else if (failures === 2)
        log.error(
          fields,
          'workers die soon after their start; they are replaced after growing pauses'
        )
    },
    killed: (worker) => log.error({ worker }, 'a worker did not end in time, and was killed')
  }
}

function countWorkers(service: string, metrics: Registry, pool: WorkerPool, workers: number): void {
  const registers = [metrics]
  new Gauge({
    name: `${service}_workers`,
    help: 'Workers that listen',
    registers,
    collect() {
      this.set(pool.up().length)
    }
  })
  new Gauge({
    name: `${service}_workers_configured`,
    help: 'Workers that there should be',
    registers
  }).set(workers)
}

async function replaceAll({ log }: PrimaryOptions, pool: WorkerPool): Promise<void> {
  log.info('the workers are replaced one at a time')
  try {
    await pool.replaceAll()
    log.info('the workers have been replaced')
  } catch (error) {
    const isKnown = error instanceof StartFaultOfWorker
    log.error(
      isKnown ? {} : { err: error },
      'a new worker could not start; the remaining old workers continue'
    )
  }
}
