import { requireIdentity } from '@gatehouse/identity/fastify'
import { Type } from 'typebox'
import { turnsProblem } from '../../fields.ts'
import { requestSourceOf } from '../../request-source.ts'
import type { Route } from '../route.ts'

export const logoutAll: Route = (service, { sessions }) => {
  service.post(
    '/logout-all',
    {
      schema: {
        operationId: 'logoutAll',
        summary: 'Sign out everywhere',
        description:
          'Ends every session of the user. All of their access tokens stop working within a second.',
        tags: ['Sessions'],
        response: { 204: Type.Null() },
        successes: { 204: { description: 'Every session of the user has ended.' } },
        problems: { RATE_LIMITED: turnsProblem }
      }
    },
    async (request, reply) => {
      await sessions.endAll(requireIdentity(request).subject, null, requestSourceOf(request))
      return reply.code(204).send(null)
    }
  )
}
