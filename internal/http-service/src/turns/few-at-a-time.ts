import type { FastifyInstance } from 'fastify'
import { connectionOf, isGone, isHttpTwo } from '../http-two.ts'
import { fairTurns } from './fair-turns.ts'
import { inFront } from './in-front.ts'

/**
 * Handles a few requests over HTTP/2 per turn of the event loop, and the others in later turns. One
 * packet can open a hundred streams and reset them, and a client has many connections; requests
 * that are reset while they wait never reach the framework, which would prepare a log, a request
 * and a reply for each.
 * @param clientOf the client to which an address belongs
 */
export function fewAtATime(service: FastifyInstance, clientOf: (address: string) => string): void {
  const turns = fairTurns()
  inFront(service, (raw, response, handle) => {
    if (!isHttpTwo(raw)) return handle(raw, response)
    const { session } = raw.stream
    // Its connection has closed.
    if (session === undefined) return
    const client = clientOf(connectionOf(raw).remoteAddress ?? '')
    turns.take(client, session, () => {
      if (!isGone(response)) handle(raw, response)
    })
  })
}
