import { keys } from '../live/live.ts'
import { Shown } from '../parts/loaded.tsx'
import { count } from '../parts/text.ts'
import { ViewOnly } from '../parts/view-only.tsx'
import { mayChange } from '../session/session.ts'
import { GatewayCard } from './gateway-card.tsx'
import { gatewayList, useGatewayReadings } from './gateway-readings.ts'

/** The live gateways, and what each of them has and does. */
export function GatewaysView() {
  useGatewayReadings()
  const active = keys.value?.find(({ state }) => state === 'active')?.kid
  return (
    <section class="card" aria-labelledby="gateways">
      <h2 id="gateways">Gateways</h2>
      <Shown of={gatewayList} what="the gateways">
        {(all) => (
          <>
            <p class="hint">
              {count(all.length, 'live gateway')}. A gateway that has not announced itself for ten
              seconds is not listed.{' '}
              {mayChange() &&
                'Drain a gateway before work on its machine: load balancers and clients then go elsewhere, and it still serves every request.'}
            </p>
            <ViewOnly what="the gateways" change="drain" />
            <ul class="gateways">
              {all.map((gateway) => (
                <GatewayCard key={gateway.id} gateway={gateway} active={active} all={all} />
              ))}
            </ul>
          </>
        )}
      </Shown>
    </section>
  )
}
