import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { ArrivedHop } from './proxies/arrived-hop.ts'
import type { Hop } from './stages/stamp.ts'
import { type RequestSpans, traceOf } from './telemetry/request-spans.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** the source of the request, and its connection */
    hop: Hop
  }
}

/**
 * Notes the source of each request, before anything can refuse it. Over TLS, tells the browser to
 * use only TLS from now on. Never over plain HTTP, where anyone on the network could send that
 * header (RFC 6797 §7.2).
 */
export function noteHop(
  app: FastifyInstance,
  { spans, hstsSeconds }: { spans: RequestSpans | null; hstsSeconds: number },
  hopOf: (raw: IncomingMessage) => ArrivedHop
): void {
  app.decorateRequest('hop')
  app.addHook('onRequest', (request, reply, done) => {
    const span = spans === null ? null : spans.begin(request)
    request.trail.span = span
    try {
      request.hop = { requestId: request.id, trace: traceOf(span), ...hopOf(request.raw) }
    } catch (error) {
      done(error as Error)
      return
    }
    request.trail.address = request.hop.addresses[0]
    if (hstsSeconds > 0 && request.hop.protocol === 'https')
      reply.header('strict-transport-security', `max-age=${hstsSeconds}`)
    done()
  })
}
