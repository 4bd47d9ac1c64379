import { Agent } from 'undici'
import type { RouteTable } from '../routes/route-table.ts'
import type { Health } from '../routes/upstream.ts'
import type { UpstreamTls } from '../routes/upstream-tls.ts'

type HealthCheckNeeds = {
  readonly table: () => RouteTable
  /** An address that is no longer checked counts as healthy. */
  readonly onChange: (address: string, healthy: boolean) => void
}

export type HealthChecks = {
  /** The table has changed: checks exactly the addresses that it names. */
  follow(): void
  close(): void
}

/** What is asked of an address, and how. */
type Wanted = { readonly health: Health; readonly tls: UpstreamTls | null }

type Watched = Wanted & { readonly stop: () => void }

/** Checks each address of every service with `health` repeatedly. */
export function healthChecks({ table, onChange }: HealthCheckNeeds): HealthChecks {
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
  const watch = (address: string, { health, tls }: Wanted): Watched => {
    // Each check opens a connection of its own, because an existing one does not show whether the
    // service accepts new ones.
    const dispatcher = new Agent({ pipelining: 0, connect: { ...tls?.options } })
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
        onChange(address, healthy)
      }
      timer = setTimeout(check, health.intervalSeconds * 1000).unref()
    }
    void check()
    const stop = () => {
      stopped = true
      clearTimeout(timer)
      void dispatcher.destroy()
      if (!healthy) onChange(address, true)
    }
    return { health, tls, stop }
  }

  const follow = (): void => {
    const wanted = wantedChecks(table())
    for (const [address, one] of watched) {
      if (isSame(one, wanted.get(address))) continue
      one.stop()
      watched.delete(address)
    }
    for (const [address, one] of wanted) {
      if (!watched.has(address)) watched.set(address, watch(address, one))
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

const isSame = (one: Wanted, other: Wanted | undefined): boolean =>
  JSON.stringify(one.health) === JSON.stringify(other?.health) && one.tls?.id === other?.tls?.id

function wantedChecks({ routes }: RouteTable): Map<string, Wanted> {
  const wanted = new Map<string, Wanted>()
  for (const { upstream } of routes) {
    const { addresses, health, tls } = upstream
    if (health !== null) for (const address of addresses) wanted.set(address, { health, tls })
  }
  return wanted
}
