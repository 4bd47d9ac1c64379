import type { IncomingMessage } from 'node:http'
import { type ArrivedRequest, arrivalOf } from '../arrival/arrived-request.ts'
import type { PlainRequests } from '../arrival/client-listener.ts'
import { beforeFramework } from '../plain-requests/before-framework.ts'
import { PlainClient, type PlainClientPorts } from '../plain-requests/plain-client.ts'
import { noLimiter } from '../plain-requests/plain-requests.ts'
import type { TakeJourney } from '../request/arrival.ts'
import type { Passage } from '../request/passage.ts'
import type { Subrequests } from './subrequests.ts'

/** What plain subrequests need. */
type SubrequestPorts = Pick<PlainClientPorts, 'onServed'> & {
  readonly subrequests: Subrequests
  readonly takeJourney: TakeJourney
  /** whether the framework gets a subrequest that could go without it */
  readonly usesFramework: (raw: IncomingMessage) => boolean
}

/**
 * Answers subrequests without a body before the framework, as `plainRequests` does it with the
 * requests of clients. The framework answers the refusals, and subrequests about routes with
 * limits.
 */
export function plainSubrequests(ports: SubrequestPorts): PlainRequests {
  const clientPorts: PlainClientPorts = { onServed: ports.onServed, hsts: null }
  return beforeFramework({
    usesFramework: ports.usesFramework,
    areSubrequests: true,
    serve: (response, arrived, leave) =>
      answer(new PlainClient(response, arrived, clientPorts, leave), arrived, ports)
  })
}

function answer(client: PlainClient, arrived: ArrivedRequest, ports: SubrequestPorts): void {
  const { subrequests, takeJourney } = ports
  try {
    const { head, located, names } = subrequests.read(arrived, client.request)
    const hasLimits = located.route !== null && located.route.limits.length > 0
    if (hasLimits) {
      client.refuse(null)
      return
    }
    const arrival = arrivalOf(arrived, located, noLimiter, subrequests.isTrustedProxy)
    const say = (passage: Passage): void => subrequests.allow(client.raw, names, passage)
    const passage = takeJourney(head, arrival)
    if (passage instanceof Promise) passage.then(say).catch((error) => client.refuse(error))
    else say(passage)
  } catch (error) {
    client.refuse(error)
  }
}
