import type { FastifyRequest } from 'fastify'
import { OPERATOR_ADDRESS, type Origin } from '../audit/audit-event.ts'

/** Operators share one token, so the log tells that it was one, and not who. */
export const opsOrigin = ({ id }: FastifyRequest): Origin => ({
  address: OPERATOR_ADDRESS,
  requestId: id
})
