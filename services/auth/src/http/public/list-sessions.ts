import { requireIdentity } from '@gatehouse/identity/identity'
import { Type } from 'typebox'
import { Session, toSession } from '../session-response.ts'
import type { Route } from './needs.ts'

/** Lists the user's live sessions, the most recently used first. */
export const listSessions: Route = (service, { sessions }) => {
  service.get(
    '/sessions',
    { schema: { response: { 200: Type.Object({ sessions: Type.Array(Session) }) } } },
    async (request) => {
      const { subject, session } = requireIdentity(request)
      const families = await sessions.list(subject)
      const newestFirst = families.sort((a, b) => b.record.rotatedAtMs - a.record.rotatedAtMs)
      return { sessions: newestFirst.map((family) => toSession(family, session)) }
    }
  )
}
