import { requireIdentity } from '@gatehouse/identity/fastify'
import { turnsProblem } from '../../fields.ts'
import { Sessions, toSession } from '../../session-response.ts'
import type { Route } from '../route.ts'

/** Lists the user's live sessions, the most recently used first. */
export const listSessions: Route = (service, { sessions }) => {
  service.get(
    '/sessions',
    {
      schema: {
        operationId: 'listSessions',
        summary: 'List the sessions',
        description: 'Lists the live sessions of the user, the last used first.',
        tags: ['Sessions'],
        response: { 200: Sessions },
        successes: { 200: { description: 'The live sessions of the user.' } },
        problems: { RATE_LIMITED: turnsProblem }
      }
    },
    async (request) => {
      const { subject, session } = requireIdentity(request)
      const families = await sessions.list(subject)
      const newestFirst = families.sort((a, b) => b.record.rotatedAtMs - a.record.rotatedAtMs)
      return { sessions: newestFirst.map((family) => toSession(family, session)) }
    }
  )
}
