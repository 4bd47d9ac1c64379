import { Type } from 'typebox'
import type { StoredFamily } from '../sessions/families/families.ts'
import { instant, SessionId } from './fields.ts'

/** A session as its user or an operator sees it. */
const Session = Type.Object(
  {
    id: SessionId,
    current: Type.Boolean({
      examples: [false],
      description: 'Whether the request was made in this session. Always false for operators.'
    }),
    createdAt: instant('When the user signed in.'),
    lastUsedAt: instant('When the session was last refreshed.'),
    expiresAt: instant('When the session ends, unless it is refreshed first.'),
    label: Type.String({
      description: 'The kind of browser or program that signed in, for people. May be empty.',
      examples: ['Firefox on Linux']
    })
  },
  { title: 'Session', description: 'A session: what a login opens.' }
)

export const Sessions = Type.Object(
  { sessions: Type.Array(Session, { description: 'The live sessions.' }) },
  { title: 'Sessions' }
)

export function toSession({ sid, record }: StoredFamily, current: string | null) {
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
