import type { IncomingMessage } from 'node:http'
import { type ArrivedRequest, arrivalOf, type LocatedOf } from '../arrival/arrived-request.ts'
import type { PlainRequests } from '../arrival/client-listener.ts'
import type { ClientSource } from '../arrival/client-source.ts'
import { type ExchangePorts, exchange } from '../forwarding/exchange.ts'
import type { IsTrustedProxy } from '../proxies/trusted-proxies.ts'
import type { Arrival, TakeJourney } from '../request/arrival.ts'
import type { Passage } from '../request/passage.ts'
import { beforeFramework } from './before-framework.ts'
import { PlainClient, type PlainClientPorts } from './plain-client.ts'

/** What plain requests need. */
type PlainPorts = PlainClientPorts & {
  readonly source: Pick<ClientSource, 'note'>
  readonly locatedOf: LocatedOf
  readonly isTrustedProxy: IsTrustedProxy
  readonly takeJourney: TakeJourney
  readonly forwarding: ExchangePorts
  /** whether the framework gets a request that could go without it */
  readonly usesFramework: (raw: IncomingMessage) => boolean
}

/** A route with limits is left to the framework, which counts requests with a plugin. */
export const noLimiter: Arrival['limiter'] = () => null

/**
 * Takes GET and HEAD without a body through the journey, and forwards them, before the framework
 * prepares its request, its reply and its hooks, which cost more than the decision. The stages and
 * the forwarding are those of every other request. The framework answers the refusals.
 */
export function plainRequests(ports: PlainPorts): PlainRequests {
  const { source, locatedOf, usesFramework } = ports
  return beforeFramework({
    usesFramework,
    areSubrequests: false,
    serve(response, arrived, leave) {
      // From here on, the end of the request is recorded, even if its connection closes at once.
      const client = new PlainClient(response, arrived, ports, leave)
      try {
        source.note(arrived, client.request)
        const { route } = locatedOf(arrived)
        if (route === null || route.limits.length > 0) return client.refuse(null)
      } catch (error) {
        return client.refuse(error)
      }
      passOn(client, arrived, ports)
    }
  })
}

function passOn(client: PlainClient, arrived: ArrivedRequest, ports: PlainPorts): void {
  const { locatedOf, isTrustedProxy, takeJourney, forwarding } = ports
  const pass = (passage: Passage): void => exchange(client, passage, null, forwarding)
  try {
    const arrival = arrivalOf(arrived, locatedOf(arrived), noLimiter, isTrustedProxy)
    const passage = takeJourney(client.request, arrival)
    if (passage instanceof Promise) passage.then(pass).catch((error) => client.refuse(error))
    else pass(passage)
  } catch (error) {
    client.refuse(error)
  }
}
