import { type Authentication, byPasswordAt } from './authentication.ts'
import { restorable } from './durable/durable-session.ts'
import type { DurableSessions } from './durable/durable-sessions.ts'
import type { Families, StoredFamily } from './families/families.ts'
import { open } from './families/family.ts'

/**
 * The live sessions of a user, the oldest first, including those that the session store has lost
 * and a refresh would restore.
 */
export type ListSessions = (subject: string) => Promise<ListedSession[]>

export type ListedSession = StoredFamily & { readonly authentication: Authentication }

export function listSessions(options: {
  durable: Pick<DurableSessions, 'list'>
  families: Pick<Families, 'list'>
  policy: { readonly idleSeconds: number }
  clock: () => number
}): ListSessions {
  const { durable, families, policy, clock } = options
  return async (subject) => {
    const { live, over } = await families.list(subject)
    const liveSids = live.map(({ sid }) => sid)
    const known = await durable.list(subject, liveSids)
    const proofs = new Map(known.map(({ sid, authentication }) => [sid, authentication]))
    const ended = new Set(known.filter((one) => one.ended).map(({ sid }) => sid))
    const stored = new Set([...liveSids, ...over])
    const lost = known
      .filter((one) => !stored.has(one.sid) && restorable(one, policy, clock()) !== null)
      .map((one) => ({ sid: one.sid, record: open(one, one.usedAt * 1000, policy) }))
    return live
      .filter(({ sid }) => !ended.has(sid))
      .concat(lost)
      .sort((one, other) => one.record.openedAt - other.record.openedAt)
      .map((one) => ({
        ...one,
        authentication: proofs.get(one.sid) ?? byPasswordAt(one.record.openedAt)
      }))
  }
}
