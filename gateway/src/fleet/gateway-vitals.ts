import type { Vitals } from '@gatehouse/fleet/fleet'
import { release } from '@gatehouse/process/release'
import { routesVersion } from '../explain/routes-version.ts'
import type { RouteTable } from '../routes/table/route-table.ts'
import type { RequestTally } from '../telemetry/request-tally.ts'

type VitalPorts = {
  /** the same for all workers of this gateway */
  readonly instance: string
  readonly isDrained: () => boolean
  readonly tally: Pick<RequestTally, 'read'>
  /** the table in force */
  readonly table: () => RouteTable
  /** milliseconds since 1970 */
  readonly clock: () => number
}

/** What this gateway announces of itself for operators. */
export function gatewayVitals(ports: VitalPorts): () => Vitals {
  const { instance, isDrained, tally, table, clock } = ports
  const version = release()
  const startedAtMs = clock()
  return () => ({
    version,
    startedAtMs,
    memoryBytes: process.memoryUsage.rss(),
    ...tally.read(),
    routesVersion: routesVersion(table()),
    instance,
    drained: isDrained()
  })
}
