import { Agent } from 'undici'
import type { Health } from '../../routes/upstream/upstream-health.ts'
import type { Endpoint } from '../connections/endpoint.ts'
import { isHealthyOverHttpTwo } from '../connections/http-two/check-endpoint.ts'

/** What is asked of an endpoint, and how often. */
export type HealthCheck = {
  readonly endpoint: Endpoint
  readonly health: Health
  readonly isHttpTwo: boolean
}

/** Called when the health of an endpoint has changed. */
export type OnHealth = (endpoint: Endpoint, healthy: boolean) => void

/** A check that is repeated. */
type Repeated = HealthCheck & {
  readonly dispatcher: Agent
  readonly onChange: OnHealth
  isHealthy: boolean
  /** how many results in a row contradict `isHealthy` */
  contrary: number
  isStopped: boolean
  timer: NodeJS.Timeout | undefined
}

/** A check that runs. */
export type RunningCheck = {
  readonly check: HealthCheck
  readonly isHealthy: boolean
  stop(): void
}

/**
 * Checks an endpoint until it is stopped.
 * @param isHealthy what an earlier check has found
 */
export function checkHealth(
  check: HealthCheck,
  onChange: OnHealth,
  isHealthy = true
): RunningCheck {
  const { endpoint } = check
  const repeated: Repeated = {
    ...check,
    onChange,
    // Each check opens a connection of its own, because an existing one does not show whether the
    // service accepts new ones.
    dispatcher: new Agent({ pipelining: 0, allowH2: false, connect: { ...endpoint.tls?.options } }),
    isHealthy,
    contrary: 0,
    isStopped: false,
    timer: undefined
  }
  void checkAgain(repeated)
  return {
    check,
    get isHealthy() {
      return repeated.isHealthy
    },
    stop() {
      repeated.isStopped = true
      clearTimeout(repeated.timer)
      void repeated.dispatcher.destroy()
    }
  }
}

async function checkAgain(check: Repeated): Promise<void> {
  const { endpoint, health, dispatcher, isHttpTwo } = check
  const isGood = isHttpTwo
    ? await isHealthyOverHttpTwo(endpoint, health).catch(() => false)
    : await isAnswered(dispatcher, endpoint.address, health)
  if (check.isStopped) return
  check.contrary = isGood === check.isHealthy ? 0 : check.contrary + 1
  if (check.contrary >= (check.isHealthy ? health.unhealthyAfter : health.healthyAfter)) {
    check.isHealthy = isGood
    check.contrary = 0
    check.onChange(endpoint, isGood)
  }
  check.timer = setTimeout(checkAgain, health.intervalSeconds * 1000, check).unref()
}

/** Whether the endpoint answers with a 2xx in time. */
async function isAnswered(
  dispatcher: Agent,
  address: string,
  { path, timeoutSeconds }: Health
): Promise<boolean> {
  try {
    const timeoutMs = timeoutSeconds * 1000
    const { statusCode, body } = await dispatcher.request({
      origin: address,
      path,
      method: 'GET',
      signal: AbortSignal.timeout(timeoutMs)
    })
    await body.dump()
    return statusCode >= 200 && statusCode < 300
  } catch {
    return false
  }
}
