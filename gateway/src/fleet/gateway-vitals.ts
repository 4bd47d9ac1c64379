import { announcedReasons, type Vitals } from '@gatehouse/fleet/fleet'
import type { OperatorDrain } from '@gatehouse/process/operator-drain'
import { release } from '@gatehouse/process/release'
import type { Ports } from '../ports.ts'
import type { LiveRouteTable } from '../routes/table/live-route-table.ts'
import { routesVersion } from '../routes/table/routes-version.ts'
import type { RequestTally } from '../telemetry/request-tally.ts'
import type { FleetMember } from './fleet-member.ts'

type VitalParts = {
  readonly member: Pick<FleetMember, 'instance'>
  readonly drain: Pick<OperatorDrain, 'isDrained'>
  /** why clients should not connect to this gateway; empty: nothing prevents it */
  readonly failing: () => string[]
  readonly tally: Pick<RequestTally, 'read'>
  readonly routes: Pick<LiveRouteTable, 'current' | 'faults'>
}

/** What this gateway announces of itself for operators. */
export function gatewayVitals(
  { clock }: Pick<Ports, 'clock'>,
  { member: { instance }, drain, failing, tally, routes }: VitalParts
): () => Vitals {
  const version = release()
  const startedAtMs = clock()
  return () => ({
    version,
    startedAtMs,
    memoryBytes: process.memoryUsage.rss(),
    ...tally.read(),
    routesVersion: routesVersion(routes.current()),
    instance,
    drained: drain.isDrained,
    failing: failing(),
    routeFaults: announcedReasons(routes.faults())
  })
}
