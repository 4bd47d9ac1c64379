import { requireIdentity } from '@gatehouse/identity/fastify'
import { Type } from 'typebox'
import { turnsProblem } from '../../fields.ts'
import { requestSourceOf } from '../../request-source.ts'
import type { Route } from '../route.ts'

/** Ends all sessions of the user except the current one. */
export const endOtherSessions: Route = (service, { sessions }) => {
  service.delete(
    '/sessions',
    {
      schema: {
        operationId: 'endOtherSessions',
        summary: 'End all other sessions',
        description: 'Ends every session of the user except the one of the access token.',
        tags: ['Sessions'],
        response: { 204: Type.Null() },
        successes: { 204: { description: 'The other sessions have ended.' } },
        problems: { RATE_LIMITED: turnsProblem }
      }
    },
    async (request, reply) => {
      const { subject, session } = requireIdentity(request)
      await sessions.endAll(subject, session, requestSourceOf(request))
      return reply.code(204).send(null)
    }
  )
}
