import type { RouteTable } from '../../routes/table/route-table.ts'
import { isHttpTwoService } from '../connections/connections.ts'
import { endpointKey } from '../connections/endpoint.ts'
import { checkHealth, type HealthCheck, type OnHealth, type RunningCheck } from './health-check.ts'

type HealthCheckOptions = {
  readonly table: () => RouteTable
  /** An endpoint that is no longer checked is healthy. */
  readonly onChange: OnHealth
}

type HealthChecks = {
  /** The table has changed: checks exactly the endpoints that it names. */
  follow(): void
  close(): void
}

/** Checks each address of every service with `health` repeatedly. */
export function healthChecks({ table, onChange }: HealthCheckOptions): HealthChecks {
  const running = new Map<string, RunningCheck>()
  const follow = (): void => {
    const wanted = wantedChecks(table())
    for (const [key, { check, isHealthy, stop }] of running) {
      if (wanted.has(key)) continue
      stop()
      running.delete(key)
      if (!isHealthy) onChange(check.endpoint, true)
    }
    for (const [key, check] of wanted) {
      const before = running.get(key)
      if (before !== undefined && isSame(before.check, check)) continue
      before?.stop()
      // Another way to check an endpoint does not make it healthy.
      running.set(key, checkHealth(check, onChange, before?.isHealthy))
    }
  }
  follow()
  return {
    follow,
    close() {
      for (const { stop } of running.values()) stop()
      running.clear()
    }
  }
}

/** For the same endpoint. */
const isSame = (one: HealthCheck, other: HealthCheck): boolean =>
  one.isHttpTwo === other.isHttpTwo && JSON.stringify(one.health) === JSON.stringify(other.health)

function wantedChecks({ routes }: RouteTable): Map<string, HealthCheck> {
  const wanted = new Map<string, HealthCheck>()
  for (const { upstream } of routes) {
    const { addresses, health, tls } = upstream
    if (health === null) continue
    const isHttpTwo = isHttpTwoService(upstream)
    for (const address of addresses) {
      const endpoint = { address, tls }
      wanted.set(endpointKey(endpoint), { endpoint, health, isHttpTwo })
    }
  }
  return wanted
}
