import { setTimeout as pause } from 'node:timers/promises'
import type { Service } from '@gatehouse/http-service/build-service'
import type { Registry } from 'prom-client'
import { tellParent } from '../start/tell-parent.ts'
import type { CarriedRequest, CarriedResponse, FromWorker, ToWorker } from './messages.ts'

/**
 * Answers what the primary process asks, instead of listening on a private port.
 * @param ops the private service of this worker
 */
export function answerPrimary(ops: Service, metrics: Registry): void {
  process.on('message', (message) => {
    const told = message as ToWorker
    if (!('ask' in told)) return
    void answerOf(ops, metrics, told.request).then((answer) =>
      tellParent<FromWorker>({ answerTo: told.ask, answer })
    )
  })
}

/**
 * Never rejects.
 * @param request null: the metrics are asked for
 */
export const answerOf = (
  ops: Service,
  metrics: Registry,
  request: CarriedRequest | null
): Promise<unknown> =>
  (request === null ? metrics.getMetricsAsJSON() : carried(ops, request)).catch(() => null)

/** Reports everything that this worker has counted to the primary process. */
export async function tellLastMetrics(metrics: Registry): Promise<void> {
  await tellParent<FromWorker>({ lastMetrics: await metrics.getMetricsAsJSON() })
}

async function carried(ops: Service, request: CarriedRequest): Promise<CarriedResponse> {
  const { method, url, headers, body } = request
  const {
    statusCode,
    headers: answered,
    rawPayload
  } = await ops.inject({
    method: method as 'GET',
    url,
    headers,
    ...(body === undefined ? {} : { payload: Buffer.from(body) })
  })
  return { status: statusCode, headers: answered, body: rawPayload }
}

/** How long the primary process may take, before this one closes its listeners in any case. */
const MAY_CLOSE_MS = 2000

/**
 * Reports that this worker has drained. Resolves when it may close its listeners, because no
 * connection is on its way to it.
 */
export async function untilMayClose(): Promise<void> {
  const done = new AbortController()
  const { signal } = done
  const allowed = new Promise<void>((resolve) => {
    const onMessage = (message: unknown): void => {
      if ('mayClose' in (message as ToWorker)) resolve()
    }
    process.on('message', onMessage).once('disconnect', resolve)
    signal.addEventListener('abort', () => process.off('message', onMessage))
  })
  await tellParent<FromWorker>({ drained: true })
  await Promise.race([allowed, pause(MAY_CLOSE_MS, undefined, { signal }).catch(() => {})])
  done.abort()
}

/** The longest that a worker waits before it joins the others. */
const JOIN_MS = 10_000
const POLL_MS = 50

/**
 * Waits until a worker that takes the place of another one can do its work, because the others
 * serve in the meantime. It joins in any case after some time: perhaps none of them can.
 */
export async function untilReady(ops: Service): Promise<void> {
  const deadline = performance.now() + JOIN_MS
  while (performance.now() < deadline) {
    const { statusCode } = await ops.inject('/readyz')
    if (statusCode === 200) return
    await pause(POLL_MS)
  }
}
