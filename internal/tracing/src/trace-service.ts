import { traceHeader } from '@gatehouse/edge-headers/names'
import type { Service } from '@gatehouse/http-service/build-service'
import type { FastifyRequest } from 'fastify'
import type { OpenSpan, Tracing } from './tracing.ts'

/**
 * Records a span for each request of a service. Call it before all other hooks, so that it covers
 * them.
 */
export function traceService(service: Service, tracing: Tracing): void {
  const open = new WeakMap<FastifyRequest, OpenSpan>()
  // Also without a span: a pipelined request begins when the one before it ends, in its context.
  const run = (request: FastifyRequest, done: () => void): void =>
    tracing.within(open.get(request), done)
  service.addHook('onRequest', (request, reply, done) => {
    const span = tracing.begin(headerOf(request))
    if (span !== null) {
      open.set(request, span)
      reply.raw.once('close', () => {
        const { method } = request
        const route = request.routeOptions.url ?? 'none'
        const { statusCode, headersSent } = reply.raw
        tracing.end(span, {
          name: `${method} ${route}`,
          failed: !headersSent || statusCode >= 500,
          attributes: {
            'http.request.method': method,
            'http.route': route,
            'http.response.status_code': headersSent ? statusCode : undefined,
            'gatehouse.request_id': request.id
          }
        })
      })
    }
    run(request, done)
  })
  // A body is read in events of its connection, which belong to no request.
  service.addHook('preValidation', (request, _reply, done) => run(request, done))
}

function headerOf({ headers }: FastifyRequest): string | undefined {
  const value = headers[traceHeader.traceparent]
  return typeof value === 'string' ? value : undefined
}
