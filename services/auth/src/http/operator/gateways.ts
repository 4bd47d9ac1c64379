import { Type } from 'typebox'
import { fleetUnavailable } from '../../refusals.ts'
import type { OpsRoutes } from './ops-routes.ts'

const Gateway = Type.Object({
  id: Type.String(),
  name: Type.String(),
  keySetVersion: Type.String(),
  kids: Type.Array(Type.String()),
  revocationCursor: Type.String(),
  revocationLagSeconds: Type.Number()
})

/** The live gateways, and what each of them has. */
export const gatewayRoutes: OpsRoutes = (service, { fleet }) => {
  service.get(
    '/gateways',
    { schema: { response: { 200: Type.Object({ gateways: Type.Array(Gateway) }) } } },
    async () => {
      const live = await fleet.live().catch((error) => {
        throw fleetUnavailable(error)
      })
      return { gateways: live.sort((one, other) => (one.name < other.name ? -1 : 1)) }
    }
  )
}
