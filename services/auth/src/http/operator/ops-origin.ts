import type { FastifyRequest } from 'fastify'
import { OPERATOR_ADDRESS, type Origin } from '../../audit/audit-event.ts'

/** Operators share one token, so the audit log does not distinguish them. */
export const opsOrigin = ({ id }: FastifyRequest): Origin => ({
  address: OPERATOR_ADDRESS,
  requestId: id
})
