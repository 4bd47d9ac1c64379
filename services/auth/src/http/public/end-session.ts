import { requireIdentity } from '@gatehouse/identity/identity'
import { Type } from 'typebox'
import { noSuchSession } from '../../refusals.ts'
import { originOf } from '../origin-of.ts'
import type { Route } from './needs.ts'

const LONGEST_ID = 64

/** A session of another user gets the same response as one that does not exist. */
export const endSession: Route = (service, { sessions }) => {
  service.delete(
    '/sessions/:id',
    {
      schema: {
        params: Type.Object({ id: Type.String({ maxLength: LONGEST_ID }) }),
        response: { 204: Type.Null() }
      }
    },
    async (request, reply) => {
      const { subject } = requireIdentity(request)
      const ended = await sessions.endOne(subject, request.params.id, originOf(request))
      if (!ended) throw noSuchSession()
      return reply.code(204).send(null)
    }
  )
}
