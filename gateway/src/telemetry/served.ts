import type { IncomingMessage, ServerResponse } from 'node:http'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { grpcStatusOfError } from '../grpc/grpc-status.ts'
import type { Trail } from './trail.ts'

/** What is recorded of a request itself. */
export type ServedRequest = Pick<FastifyRequest, 'id' | 'method' | 'headers' | 'ip'> & {
  readonly raw: Pick<IncomingMessage, 'httpVersion'>
}

/** A request that has ended. */
export type Served = {
  readonly request: ServedRequest
  readonly trail: Trail
  /** the status that was sent; null if the client disconnected before that */
  readonly status: number | null
  /** whether the client got the whole response */
  readonly isWhole: boolean
  readonly seconds: number
  /** of the body of the response */
  readonly bytes: number
  /** the code of a response that the gateway itself produced; null if a service responded */
  readonly code: string | null
  /** the reason of a refusal, for the log */
  readonly reason: string | null
}

declare module 'fastify' {
  interface FastifyRequest {
    trail: Trail
  }
}

/**
 * Gives each request its trail, and calls `onServed` when the request ends. Call it before all
 * hooks that can refuse a request, so that it also sees what those refuse.
 * @param trailOf a new trail, or that of a request that has begun before
 */
export function watchRequests(
  app: FastifyInstance,
  onServed: (served: Served) => void,
  trailOf: (request: FastifyRequest) => Trail
): void {
  app.decorateRequest('trail')
  app.addHook('onRequest', (request, reply, done) => {
    const trail = trailOf(request)
    request.trail = trail
    let isOver = false
    trail.end = () => {
      if (isOver) return
      isOver = true
      onServed(servedByFramework(request, reply, trail))
    }
    reply.raw.once('close', trail.end)
    done()
  })
  app.addHook('onError', (request, _reply, error, done) => {
    const { trail } = request
    trail.refusal = error
    if (trail.isGrpc) trail.grpcStatus = grpcStatusOfError(error)
    done()
  })
}

/** The method of a request, or of the request that a proxy asks about. */
export const methodOf = ({ request, trail }: Pick<Served, 'request' | 'trail'>): string =>
  trail.described?.method ?? request.method

/** A WebSocket outlives its response, so the end of the response is not the end of the request. */
export function noteWebSocket({ request, raw }: FastifyReply): void {
  request.trail.isWebSocket = true
  raw.off('close', request.trail.end)
}

/** A request that its service has answered, or whose client has left. */
export function servedByService(request: ServedRequest, raw: ServerResponse, trail: Trail): Served {
  return {
    request,
    trail,
    status: trail.isWebSocket ? 101 : raw.headersSent ? raw.statusCode : null,
    isWhole: trail.isWebSocket || raw.writableFinished,
    seconds: (performance.now() - trail.startedMs) / 1000,
    bytes: trail.bytes,
    code: null,
    reason: null
  }
}

function servedByFramework(request: FastifyRequest, reply: FastifyReply, trail: Trail): Served {
  const { raw } = reply
  const { refusal } = trail
  const served = servedByService(request, raw, trail)
  if (refusal === null) return served
  const bytes = lengthOf(reply.getHeader('content-length'))
  return { ...served, bytes, ...codeAndReason(refusal, raw.statusCode) }
}

const lengthOf = (header: unknown): number => Number(header ?? 0)

function codeAndReason(refusal: unknown, status: number): Pick<Served, 'code' | 'reason'> {
  if (refusal instanceof Refusal) return { code: refusal.code, reason: refusal.reason }
  // Refusals of the framework, and internal errors.
  return { code: status < 500 ? 'INVALID_REQUEST' : 'INTERNAL', reason: null }
}
