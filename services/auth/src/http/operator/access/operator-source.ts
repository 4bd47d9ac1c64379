import type { FastifyRequest } from 'fastify'
import { OPERATOR_ADDRESS, type RequestSource } from '../../../audit/audit-event.ts'
import { operatorOf } from './require-operator.ts'

/** The operator who sends a request, for the audit log. */
export const operatorSource = (
  request: Pick<FastifyRequest, 'id' | 'operator'>
): RequestSource => ({
  address: OPERATOR_ADDRESS,
  requestId: request.id,
  operator: operatorOf(request).name
})
