import { type Connections, type ConnectionsOptions, isHttpTwoService } from './connections.ts'
import { httpOneConnections } from './http-one/http-one-connections.ts'
import { httpTwoConnections, type OpenSessions } from './http-two/http-two-connections.ts'

/** Reaches each service by the protocol that it speaks. */
export function serviceConnections(options: ConnectionsOptions): Connections & OpenSessions {
  const one = httpOneConnections(options)
  const two = httpTwoConnections(options)
  return {
    dispatch: (request, handler, service) =>
      (isHttpTwoService(service) ? two : one).dispatch(request, handler, service),
    count: two.count,
    keepOnly(named) {
      one.keepOnly(named)
      two.keepOnly(named)
    },
    async close() {
      await Promise.all([one.close(), two.close()])
    }
  }
}
