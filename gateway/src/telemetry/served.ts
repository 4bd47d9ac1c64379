import type { Service } from '@gatehouse/http-service/build-service'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { newTrail, type Trail } from './trail.ts'

/** A request that is over. */
export type Served = {
  readonly request: FastifyRequest
  readonly trail: Trail
  /** the status that was sent; null where the client left before there was one */
  readonly status: number | null
  /** whether the answer is whole */
  readonly isWhole: boolean
  readonly seconds: number
  /** of the answer's body */
  readonly bytes: number
  /** the code of the gateway's own answer; null where a service answered */
  readonly code: string | null
  /** why, in words for the log */
  readonly reason: string | null
}

declare module 'fastify' {
  interface FastifyRequest {
    trail: Trail
  }
}

/** Gives each request its trail, and says when it is over. First of all hooks: what they refuse is served as well. */
export function watchRequests(app: Service, onServed: (served: Served) => void): void {
  app.decorateRequest('trail')
  app.addHook('onRequest', (request, reply, done) => {
    const trail = newTrail(request.raw.url ?? '')
    request.trail = trail
    let isOver = false
    trail.end = () => {
      if (isOver) return
      isOver = true
      onServed(served(request, reply, trail))
    }
    reply.raw.once('close', trail.end)
    done()
  })
  app.addHook('onError', (request, _reply, error, done) => {
    request.trail.refusal = error
    done()
  })
}

/** An open WebSocket is no answer whose end its response would tell. */
export function noteWebSocket({ request, raw }: FastifyReply): void {
  request.trail.isWebSocket = true
  raw.off('close', request.trail.end)
}

function served(request: FastifyRequest, reply: FastifyReply, trail: Trail): Served {
  const { raw } = reply
  const hasAnswer = raw.headersSent || trail.isWebSocket
  const { refusal } = trail
  return {
    request,
    trail,
    status: trail.isWebSocket ? 101 : hasAnswer ? raw.statusCode : null,
    isWhole: trail.isWebSocket || raw.writableFinished,
    seconds: (performance.now() - trail.startedMs) / 1000,
    bytes: refusal === null ? trail.bytes : lengthOf(reply.getHeader('content-length')),
    ...toldOf(refusal, raw.statusCode)
  }
}

const lengthOf = (header: unknown): number => Number(header ?? 0)

function toldOf(refusal: unknown, status: number): Pick<Served, 'code' | 'reason'> {
  if (refusal === null) return { code: null, reason: null }
  if (refusal instanceof Refusal) return { code: refusal.code, reason: refusal.reason }
  // What the framework refuses, and our own faults.
  return { code: status < 500 ? 'INVALID_REQUEST' : 'INTERNAL', reason: null }
}
