import { setTimeout as pause } from 'node:timers/promises'
import type { Service } from '@gatehouse/http-service/build-service'
import type { ProcessTls } from '@gatehouse/tls/process-tls'
import type { FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import { type ListenAddress, listenAs } from '../listening/listen-as.ts'
import type { RunningService } from '../start/running-service.ts'
import {
  answerPrimary,
  tellLastMetrics,
  untilMayClose,
  untilReady
} from '../workers/answer-primary.ts'
import { isReplacement, isWorker, opsUrlOfPrimary } from '../workers/as-worker.ts'

type Listener = Pick<FastifyInstance, 'listen' | 'log' | 'server'>

type ServiceParts = Omit<RunningService, 'url' | 'opsUrl' | 'drain' | 'endsWithinMs'> & {
  readonly service: {
    readonly app: Listener & Pick<Service, 'draining'>
    readonly at: ListenAddress
  }
  readonly ops: { readonly app: Service; readonly at: ListenAddress }
  /** other listeners that drain together with the service */
  readonly alongside?: readonly Pick<Service, 'draining'>[]
  readonly metrics: Registry
  /** how many processes serve its port; absent: it is always one */
  readonly workers?: number
  readonly times: DrainTimes
  /** of its listeners, which then get renewed certificates; closed after everything else */
  readonly tls?: ProcessTls
}

/** How long a service takes to end. */
type DrainTimes = {
  /** how long it still serves every request after it has reported that it is about to end */
  readonly drainMs: number
  /** how long requests in flight may take after that */
  readonly closeMs: number
}

/** for what closes after the last request: stores, and the ops listener */
const LAST_MS = 3000

/**
 * Starts the listeners of a service, the private one first. In a worker, the primary process has
 * the ops listener.
 * @throws StartFault with the code of the error that prevented it, such as EADDRINUSE; by then,
 * everything is closed
 */
export async function openService(parts: ServiceParts): Promise<RunningService> {
  const { service, ops, alongside = [], times, tls, workers, ...given } = parts
  const running = {
    ...given,
    reload() {
      given.reload?.()
      tls?.reload()
    },
    async close() {
      await given.close()
      tls?.close()
      if (isWorker() && workers !== undefined) await tellLastMetrics(given.metrics)
    }
  }
  const drain = async (): Promise<void> => {
    service.app.log.info({ drainSeconds: times.drainMs / 1000 }, 'draining before exit')
    for (const { draining } of [service.app, ...alongside]) draining.begin()
    if (times.drainMs > 0) await pause(times.drainMs)
    if (isWorker() && workers !== undefined) await untilMayClose()
  }
  try {
    const opsUrl = await openOps(parts)
    const url = await listenAs(running.name.toUpperCase(), service, tls?.service)
    return { ...running, url, opsUrl, drain, endsWithinMs: times.drainMs + times.closeMs + LAST_MS }
  } catch (error) {
    await running.close().catch(() => {})
    throw error
  }
}

/** @returns the address of the ops listener */
async function openOps({ name, ops, tls, metrics, workers }: ServiceParts): Promise<string> {
  if (!isWorker() || workers === undefined) {
    return listenAs(`${name.toUpperCase()}_OPS`, ops, tls?.ops)
  }
  answerPrimary(ops.app, metrics)
  if (isReplacement(workers)) await untilReady(ops.app)
  return opsUrlOfPrimary()
}
