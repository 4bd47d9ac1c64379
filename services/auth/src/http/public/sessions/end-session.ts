import { requireIdentity } from '@gatehouse/identity/fastify'
import { Type } from 'typebox'
import { noSuchSession } from '../../../sessions/session-refusals.ts'
import { turnsProblem } from '../../fields.ts'
import { requestSourceOf } from '../../request-source.ts'
import type { Route } from '../route.ts'

const LONGEST_ID = 64

/** A session of another user gets the same response as one that does not exist. */
export const endSession: Route = (service, { sessions }) => {
  service.delete(
    '/sessions/:id',
    {
      schema: {
        operationId: 'endSession',
        summary: 'End one session',
        description:
          'Ends a session of the user, which may be the current one. Its access tokens stop working within a second.',
        tags: ['Sessions'],
        params: Type.Object({
          id: Type.String({
            maxLength: LONGEST_ID,
            description: 'The id of the session, as GET /auth/sessions shows it.',
            examples: ['Wb0oJ0m9pQ4hUu0mJ0b1Yw']
          })
        }),
        response: { 204: Type.Null() },
        successes: { 204: { description: 'The session has ended.' } },
        problems: {
          NOT_FOUND: 'The user has no live session with this id.',
          RATE_LIMITED: turnsProblem
        }
      }
    },
    async (request, reply) => {
      const { subject } = requireIdentity(request)
      const ended = await sessions.endOne(subject, request.params.id, requestSourceOf(request))
      if (!ended) throw noSuchSession()
      return reply.code(204).send(null)
    }
  )
}
