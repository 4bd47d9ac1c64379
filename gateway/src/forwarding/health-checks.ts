import type { RouteTable } from '../routes/route-table.ts'
import type { Health } from '../routes/upstream.ts'
import { endpointKey } from './endpoint.ts'
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
    for (const [key, { health, stop }] of running) {
      if (isSame(health, wanted.get(key)?.health)) continue
      stop()
      running.delete(key)
    }
    for (const [key, check] of wanted) {
      if (running.has(key)) continue
      running.set(key, { health: check.health, stop: checkHealth(check, onChange) })
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

type Running = { readonly health: Health; readonly stop: () => void }

const isSame = (one: Health, other: Health | undefined): boolean =>
  JSON.stringify(one) === JSON.stringify(other)

function wantedChecks({ routes }: RouteTable): Map<string, HealthCheck> {
  const wanted = new Map<string, HealthCheck>()
  for (const { upstream } of routes) {
    const { addresses, health, tls } = upstream
    if (health === null) continue
    for (const address of addresses) {
      const endpoint = { address, tls }
      wanted.set(endpointKey(endpoint), { endpoint, health })
    }
  }
  return wanted
}
