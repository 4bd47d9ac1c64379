import { forwardedHeader } from '@gatehouse/edge-headers/names'
import type { FastifyRequest } from 'fastify'
import type { Origin } from '../audit/audit-event.ts'

/** an IPv6 address with a zone, and some */
const LONGEST = 64

/** Where a request came from: the first address that the gateway tells of is the client's. Without a gateway, the peer. */
export function originOf(request: FastifyRequest): Origin {
  const forwarded = request.headers[forwardedHeader.for]
  const [address = ''] = typeof forwarded === 'string' ? forwarded.split(',', 1) : [request.ip]
  return { address: address.trim().slice(0, LONGEST), requestId: request.id }
}
