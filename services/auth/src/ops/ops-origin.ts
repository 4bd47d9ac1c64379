import type { FastifyRequest } from 'fastify'
import type { Origin } from '../audit/audit-event.ts'

/** Operators share one token, so the log tells that it was one, and not who. */
export const opsOrigin = ({ id }: FastifyRequest): Origin => ({ address: 'ops', requestId: id })
