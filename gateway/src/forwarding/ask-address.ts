import type { Passage } from '../request/passage.ts'
import type { Place } from './capacity/upstreams.ts'
import type { AskedRequest, Connections } from './connections/connections.ts'
import { isCall } from './response/grpc-call.ts'
import type { ResponsePorts } from './response/open-response.ts'
import { ResponseWriter } from './response/response-writer.ts'
import type { WaitingClient } from './response/waiting-client.ts'

export type AskPorts = ResponsePorts & {
  readonly connections: Connections
  /** how long a service may take to begin its response, if the route sets no time */
  readonly responseMs: number
}

/** A request to one address of a service, and where its response goes. */
type Asking = {
  readonly request: AskedRequest
  readonly client: WaitingClient
  readonly passage: Passage
  /**
   * The request failed before its response began. Its place is free again.
   * @param isSent whether any part of the request may have reached the service
   */
  readonly onFault: (error: Error, isSent: boolean) => void
}

/** Sends a request to the address of a place, and leaves the place when the response has ended. */
export function askAddress(
  place: Place,
  { request, client, passage, onFault }: Asking,
  ports: AskPorts
): void {
  // Before the request is dispatched, there is no attempt to connect that could be given up.
  let giveUp = (_error: Error): void => {}
  const writer = new ResponseWriter(client, passage, ports, {
    address: place.address,
    onResponse: place.answered,
    onEnd: place.leave,
    onFault(error, isSent) {
      place.leave()
      onFault(error, isSent)
    },
    giveUp: (error) => giveUp(error)
  })
  const { upstream, answerSeconds, events, idleSeconds } = passage.route
  // A service for gRPC often begins the response of a stream with its first message.
  const usualMs = events && isCall(passage) ? 0 : ports.responseMs
  const options = {
    ...request,
    origin: place.address,
    // how long the service may take to begin its response, and how long the response may pause
    headersTimeout: answerSeconds === undefined ? usualMs : answerSeconds * 1000,
    bodyTimeout: events ? 0 : idleSeconds * 1000
  }
  giveUp = ports.connections.dispatch(options, writer, upstream)
}
