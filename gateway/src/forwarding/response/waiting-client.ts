import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyReply } from 'fastify'
import type { Trail } from '../../telemetry/trail.ts'
import type { ResponseHeaders } from '../headers/passed-headers.ts'

/** The client of a request that is forwarded. It waits for the response. */
export type WaitingClient = {
  readonly request: IncomingMessage
  readonly raw: ServerResponse
  readonly trail: Trail
  readonly requestId: string
  /**
   * what the gateway itself adds to the headers of a service's response
   * @param isLast whether the connection ends with the response
   */
  ownHeaders(isLast: boolean): ResponseHeaders
  /** The response of a service begins: from now on, only the forwarding writes it. */
  takeOver(): void
  /**
   * Answers with an error, if no response has begun.
   * @param isLast whether the connection ends with the response; default: false
   */
  refuse(refusal: Refusal, isLast?: boolean): void
}

/** A client whose request is handled by the framework. */
export const clientOf = (reply: FastifyReply): WaitingClient => ({
  request: reply.request.raw,
  raw: reply.raw,
  trail: reply.request.trail,
  requestId: reply.request.id,
  ownHeaders(isLast) {
    if (isLast) reply.header('connection', 'close')
    return reply.getHeaders() as ResponseHeaders
  },
  takeOver() {
    reply.hijack()
  },
  refuse(refusal, isLast = false) {
    if (isLast) reply.header('connection', 'close')
    reply.send(refusal)
  }
})
