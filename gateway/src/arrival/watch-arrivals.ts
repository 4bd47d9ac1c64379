import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Served, watchRequests } from '../telemetry/served.ts'
import type { ArrivedRequest } from './arrived-request.ts'

declare module 'fastify' {
  interface FastifyRequest {
    arrived: ArrivedRequest
  }
}

/**
 * Gives each request what is known of it before its journey, and records its end. Call it before
 * all hooks that can refuse a request.
 * @param arrivedOf also for a request that has begun before
 */
export function watchArrivals(
  app: FastifyInstance,
  onServed: (served: Served) => void,
  arrivedOf: (request: FastifyRequest) => ArrivedRequest
): void {
  app.decorateRequest('arrived')
  watchRequests(app, onServed, (request) => {
    request.arrived = arrivedOf(request)
    return request.arrived.trail
  })
}
