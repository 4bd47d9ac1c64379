import type { ServiceLog } from '@gatehouse/http-service/service-log'
import type { Registry } from 'prom-client'
import type { LiveRouteTable } from '../../routes/table/live-route-table.ts'
import { namedEndpoints } from '../connections/endpoint.ts'
import { healthChecks } from './health-checks.ts'
import { upstreamGauges } from './upstream-gauges.ts'
import type { UpstreamLimits } from './upstream-limits.ts'
import { type Upstreams, upstreams } from './upstreams.ts'

/** The capacity of all services. */
type ServiceCapacity = {
  readonly requests: Upstreams
  /** counted separately: WebSockets stay open, and would leave no place for requests */
  readonly webSockets: Upstreams
  close(): void
}

export type CapacityOptions = {
  readonly limits: UpstreamLimits
  readonly routes: Pick<LiveRouteTable, 'current' | 'onChange'>
  readonly log: Pick<ServiceLog, 'warn'>
  readonly metrics: Registry
  readonly monotonicClock: () => number
}

/**
 * Counts what is in flight to each address, and checks the health of those that the table names.
 */
export function serviceCapacity(options: CapacityOptions): ServiceCapacity {
  const { limits, routes, log, metrics, monotonicClock } = options
  const { placesPerAddress, webSocketsPerAddress, sharePercent } = limits
  const requests = upstreams({ placesPerAddress, sharePercent, monotonicClock })
  const webSockets = upstreams({
    placesPerAddress: webSocketsPerAddress,
    sharePercent,
    monotonicClock
  })
  const checks = healthChecks({
    table: routes.current,
    onChange(endpoint, healthy) {
      requests.setHealthy(endpoint, healthy)
      webSockets.setHealthy(endpoint, healthy)
      log.warn({ address: endpoint.address, healthy }, 'the health of an address has changed')
    }
  })
  routes.onChange(() => {
    checks.follow()
    const named = namedEndpoints(routes.current())
    requests.keepOnly(named)
    webSockets.keepOnly(named)
  })
  upstreamGauges(metrics, { requests, webSockets })
  return { requests, webSockets, close: checks.close }
}
