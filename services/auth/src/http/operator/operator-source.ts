import type { FastifyRequest } from 'fastify'
import { OPERATOR_ADDRESS, type RequestSource } from '../../audit/audit-event.ts'

/** Operators share one token, so the audit log does not distinguish them. */
export const operatorSource = ({ id }: FastifyRequest): RequestSource => ({
  address: OPERATOR_ADDRESS,
  requestId: id
})
