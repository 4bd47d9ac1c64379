import type { FastifyRequest } from 'fastify'
import type { Origin } from '../audit/audit-event.ts'
import { clientAddress } from './forwarded.ts'

/** an IPv6 address with a zone, and some */
const LONGEST = 64

/** Where a request came from. */
export const originOf = (request: FastifyRequest): Origin => ({
  address: clientAddress(request).slice(0, LONGEST),
  requestId: request.id
})
