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
  /** what the gateway itself adds to the headers of a service's response */
  ownHeaders(): ResponseHeaders
  /** Lets the connection end with the response. */
  endConnection(): void
  /** The response of a service begins: from now on, only the forwarding writes it. */
  takeOver(): void
  /** Answers with an error, if no response has begun. */
  refuse(refusal: Refusal): void
}

/** A client whose request is handled by the framework. */
export const clientOf = (reply: FastifyReply): WaitingClient => ({
  request: reply.request.raw,
  raw: reply.raw,
  trail: reply.request.trail,
  requestId: reply.request.id,
  ownHeaders: () => reply.getHeaders() as ResponseHeaders,
  endConnection() {
    reply.header('connection', 'close')
  },
  takeOver() {
    reply.hijack()
  },
  refuse(refusal) {
    reply.send(refusal)
  }
})
