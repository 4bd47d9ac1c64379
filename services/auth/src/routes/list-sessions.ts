import { requireIdentity } from '@gatehouse/identity/identity'
import { Type } from 'typebox'
import type { StoredFamily } from '../sessions/families.ts'
import type { Route } from './needs.ts'

const Session = Type.Object({
  id: Type.String(),
  /** whether it is the one that asks */
  current: Type.Boolean(),
  /** ISO 8601, as are the others */
  createdAt: Type.String(),
  lastUsedAt: Type.String(),
  expiresAt: Type.String(),
  label: Type.String()
})

/** The user's live sessions, the one that was used last first. */
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

function toSession({ sid, record }: StoredFamily, current: string | null) {
  const iso = (milliseconds: number) => new Date(milliseconds).toISOString()
  return {
    id: sid,
    current: sid === current,
    createdAt: iso(record.openedAt * 1000),
    lastUsedAt: iso(record.rotatedAtMs),
    expiresAt: iso(Math.min(record.idleExpiresAt, record.expiresAt) * 1000),
    label: record.label
  }
}
