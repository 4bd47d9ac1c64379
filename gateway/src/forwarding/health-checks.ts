import { Agent } from 'undici'
import type { RouteTable } from '../routes/route-table.ts'
import type { Health } from '../routes/upstream.ts'
import { type Endpoint, endpointKey } from './endpoint.ts'

type HealthCheckOptions = {
  readonly table: () => RouteTable
  /** An endpoint that is no longer checked counts as healthy. */
  readonly onChange: (endpoint: Endpoint, healthy: boolean) => void
}

type HealthChecks = {
  /** The table has changed: checks exactly the endpoints that it names. */
  follow(): void
  close(): void
}

/** What is asked of an endpoint. */
type Wanted = { readonly endpoint: Endpoint; readonly health: Health }

type Watched = Wanted & { readonly stop: () => void }

/** Checks each address of every service with `health` repeatedly. */
export function healthChecks({ table, onChange }: HealthCheckOptions): HealthChecks {
  const watched = new Map<string, Watched>()

  const ask = async (
    dispatcher: Agent,
    address: string,
    { path, timeoutSeconds }: Health
  ): Promise<boolean> => {
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
  const watch = ({ endpoint, health }: Wanted): Watched => {
    const { address, tls } = endpoint
    // Each check opens a connection of its own, because an existing one does not show whether the
    // service accepts new ones.
    const dispatcher = new Agent({ pipelining: 0, allowH2: false, connect: { ...tls?.options } })
    let healthy = true
    let inARow = 0
    let stopped = false
    let timer: NodeJS.Timeout | undefined
    const check = async (): Promise<void> => {
      const good = await ask(dispatcher, address, health)
      if (stopped) return
      inARow = good === healthy ? 0 : inARow + 1
      if (inARow >= (healthy ? health.unhealthyAfter : health.healthyAfter)) {
        healthy = good
        inARow = 0
        onChange(endpoint, healthy)
      }
      timer = setTimeout(check, health.intervalSeconds * 1000).unref()
    }
    void check()
    const stop = () => {
      stopped = true
      clearTimeout(timer)
      void dispatcher.destroy()
      if (!healthy) onChange(endpoint, true)
    }
    return { endpoint, health, stop }
  }

  const follow = (): void => {
    const wanted = wantedChecks(table())
    for (const [key, one] of watched) {
      if (isSame(one.health, wanted.get(key)?.health)) continue
      one.stop()
      watched.delete(key)
    }
    for (const [key, one] of wanted) {
      if (!watched.has(key)) watched.set(key, watch(one))
    }
  }
  follow()
  return {
    follow,
    close() {
      for (const { stop } of watched.values()) stop()
      watched.clear()
    }
  }
}

const isSame = (one: Health, other: Health | undefined): boolean =>
  JSON.stringify(one) === JSON.stringify(other)

function wantedChecks({ routes }: RouteTable): Map<string, Wanted> {
  const wanted = new Map<string, Wanted>()
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
