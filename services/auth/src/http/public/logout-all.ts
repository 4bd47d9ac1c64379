import { requireIdentity } from '@gatehouse/identity/identity'
import { Type } from 'typebox'
import { originOf } from '../origin-of.ts'
import type { Route } from './needs.ts'

export const logoutAll: Route = (service, { sessions }) => {
  service.post(
    '/logout-all',
    { schema: { response: { 204: Type.Null() } } },
    async (request, reply) => {
      await sessions.endAll(requireIdentity(request).subject, null, originOf(request))
      return reply.code(204).send(null)
    }
  )
}
