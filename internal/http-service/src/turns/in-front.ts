import type { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'

/** Passes a request to the framework. */
export type Handle = (raw: IncomingMessage, response: ServerResponse) => void

/** Calls `handle` now, later or never. */
export type TakeFirst = (raw: IncomingMessage, response: ServerResponse, handle: Handle) => void

/**
 * The framework ends connections, so it handles every request once the service closes or drains.
 */
export function unlessEnding(service: FastifyInstance, take: TakeFirst): TakeFirst {
  let isClosing = false
  service.addHook('preClose', async () => {
    isClosing = true
  })
  return (raw, response, handle) => {
    if (isClosing || service.draining.hasBegun) handle(raw, response)
    else take(raw, response, handle)
  }
}

/** Puts a decision in front of everything that handles the requests of a service so far. */
export function inFront(service: FastifyInstance, decide: TakeFirst): void {
  const server: EventEmitter = service.server
  const handlers = server.listeners('request')
  server.removeAllListeners('request')
  const handle: Handle = (raw, response) => {
    for (const handler of handlers) handler.call(server, raw, response)
  }
  server.on('request', (raw: IncomingMessage, response: ServerResponse) => {
    decide(raw, response, handle)
  })
}
