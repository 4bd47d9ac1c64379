import type { Fleet, LiveGateway } from '@gatehouse/fleet/fleet'
import { fleetUnavailable } from '../../../refusals.ts'

/**
 * The live gateways, by name.
 * @throws Refusal UNAVAILABLE
 */
export async function liveGateways({
  fleet
}: {
  readonly fleet: Pick<Fleet, 'live'>
}): Promise<LiveGateway[]> {
  const live = await fleet.live().catch((error) => {
    throw fleetUnavailable(error)
  })
  return live.toSorted((one, other) => (one.name < other.name ? -1 : 1))
}
