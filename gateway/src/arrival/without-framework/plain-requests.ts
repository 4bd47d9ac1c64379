import type { IncomingMessage } from 'node:http'
import type { TakeFirst } from '@gatehouse/http-service/in-front'
import { type ExchangePorts, exchange } from '../../forwarding/exchange.ts'
import type { RouteTable } from '../../routes/route-table.ts'
import type { Decide } from '../../stages/arrival.ts'
import type { Passage } from '../../stages/passage.ts'
import { type ArrivalPorts, type Begun, PlainRequest } from './plain-request.ts'

/** What plain requests need. */
type PlainPorts = ArrivalPorts & {
  readonly decide: Decide
  readonly table: () => RouteTable
  readonly forwarding: ExchangePorts
  /** whether the framework gets a request that could go without it */
  readonly isHeld: (raw: IncomingMessage) => boolean
}

/** The requests that need nothing of the framework. */
export type PlainRequests = {
  /** Takes a request, or leaves it to the framework. */
  readonly take: TakeFirst
  /** what is known of a request that the framework gets after it has begun; null for any other */
  begun(raw: IncomingMessage): Begun | null
  /** Takes requests from now on. */
  open(ports: PlainPorts): void
}

/**
 * Takes GET and HEAD without a body through the journey, and forwards them, before the framework
 * prepares its request, its reply and its hooks, which cost more than the decision. The stages and
 * the forwarding are those of every other request. The framework answers the refusals.
 */
export function plainRequests(): PlainRequests {
  const left = new WeakMap<IncomingMessage, Begun>()
  let ports: PlainPorts | null = null
  return {
    take(raw, response, handle) {
      if (ports === null || !isPlain(raw) || ports.isHeld(raw)) return handle(raw, response)
      const leave = (request: PlainRequest): void => {
        left.set(raw, request)
        handle(raw, response)
      }
      passOn(new PlainRequest(raw, response, ports, leave), ports)
    },
    begun: (raw) => left.get(raw) ?? null,
    open(given) {
      ports = given
    }
  }
}

/**
 * Whether only the journey can refuse a request. The framework's hooks judge other versions, methods
 * and expectations, and a missing Host. Bodies and upgrades have ways of their own.
 */
function isPlain({ method, url = '', httpVersion, headers, socket }: IncomingMessage): boolean {
  const { host = '' } = headers
  return (
    httpVersion === '1.1' &&
    (method === 'GET' || method === 'HEAD') &&
    url.startsWith('/') &&
    host !== '' &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    headers.upgrade === undefined &&
    headers.expect === undefined &&
    !socket.destroyed &&
    !socket.writableEnded
  )
}

function passOn(request: PlainRequest, { decide, table, forwarding }: PlainPorts): void {
  const pass = (passage: Passage): void => exchange(request, passage, null, forwarding)
  try {
    const arrival = request.arrive(table())
    const passage = arrival === null ? null : decide(request.request, arrival)
    if (passage === null) request.leave()
    else if (passage instanceof Promise) passage.then(pass).catch((error) => request.refuse(error))
    else pass(passage)
  } catch (error) {
    request.refuse(error)
  }
}
