import { forwardedHeader } from '@gatehouse/edge-headers/names'
import type { FastifyRequest } from 'fastify'
import type { Origin } from '../audit/audit-event.ts'

const LONGEST = 200

/** Where a request came from, as the gateway tells it; the peer where there is no gateway. */
export function originOf(request: FastifyRequest): Origin {
  const forwarded = request.headers[forwardedHeader.for]
  const address = typeof forwarded === 'string' ? forwarded : request.ip
  return { address: address.slice(0, LONGEST), requestId: request.id }
}
