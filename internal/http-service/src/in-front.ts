import type { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'

/** Calls `handle` now, later or never. It passes the request to the framework. */
type Decide = (raw: IncomingMessage, response: ServerResponse, handle: () => void) => void

/** Puts a decision in front of everything that handles the requests of a service so far. */
export function inFront(service: FastifyInstance, decide: Decide): void {
  const server: EventEmitter = service.server
  const handlers = server.listeners('request')
  server.removeAllListeners('request')
  server.on('request', (raw: IncomingMessage, response: ServerResponse) => {
    decide(raw, response, () => {
      for (const handler of handlers) handler.call(server, raw, response)
    })
  })
}
