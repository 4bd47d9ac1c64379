import type { RouteTable } from '../../routes/table/route-table.ts'
import { isHttpTwoService } from '../connections/connections.ts'
import { endpointKey } from '../connections/endpoint.ts'
import { checkHealth, type HealthCheck, type OnHealth } from './health-check.ts'

type HealthCheckOptions = {
  readonly table: () => RouteTable
  readonly onChange: OnHealth
}

type HealthChecks = {
  /** The table has changed: checks exactly the endpoints that it names. */
  follow(): void
  close(): void
}

/** Checks each address of every service with `health` repeatedly. */
export function healthChecks({ table, onChange }: HealthCheckOptions): HealthChecks {
  const running = new Map<string, Running>()
  const follow = (): void => {
    const wanted = wantedChecks(table())
    for (const [key, { check, stop }] of running) {
      if (isSame(check, wanted.get(key))) continue
      stop()
      running.delete(key)
    }
    for (const [key, check] of wanted) {
      if (running.has(key)) continue
      running.set(key, { check, stop: checkHealth(check, onChange) })
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

type Running = { readonly check: HealthCheck; readonly stop: () => void }

/** For the same endpoint. */
const isSame = (one: HealthCheck, other: HealthCheck | undefined): boolean =>
  one.isHttpTwo === other?.isHttpTwo && JSON.stringify(one.health) === JSON.stringify(other.health)

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
