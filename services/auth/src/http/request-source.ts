import type { FastifyRequest } from 'fastify'
import type { RequestSource } from '../audit/audit-event.ts'
import { clientAddress } from './forwarded.ts'

/** an IPv6 address with a zone, and more */
const LONGEST = 64

/** The source of a request. */
export const requestSourceOf = (request: FastifyRequest): RequestSource => ({
  address: clientAddress(request).slice(0, LONGEST),
  requestId: request.id
})
