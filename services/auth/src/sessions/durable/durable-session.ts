import type { Selectable } from 'kysely'
import type { SessionTable } from '../../database/tables.ts'
import { type Authentication, amrOf, amrText, BY_PASSWORD } from '../authentication.ts'
import { lateSeconds, type Opened } from '../families/family.ts'

/** A session as the database knows it. */
export type DurableSession = Opened & {
  readonly sid: string
  readonly subject: string
  /** seconds since 1970: when it was last used; late by a part of the idle lifetime */
  readonly usedAt: number
  readonly ended: boolean
  /** it has ended, and the session store may not know */
  readonly unpublished: boolean
  readonly authentication: Authentication
}

export type SessionRow = Selectable<SessionTable>

/** of a join with another table that has a `scope` */
export const SESSION_COLUMNS = [
  'sessions.sid',
  'sessions.subject',
  'sessions.opened_at',
  'sessions.expires_at',
  'sessions.used_at',
  'sessions.client_id',
  'sessions.scope as session_scope',
  'sessions.label',
  'sessions.ended_at_ms',
  'sessions.untold',
  'sessions.amr',
  'sessions.authenticated_at'
] as const

export const toRow = (
  subject: string,
  sid: string,
  opened: Opened,
  usedAt: number,
  amr = BY_PASSWORD
) => ({
  sid,
  subject,
  opened_at: opened.openedAt,
  expires_at: opened.expiresAt,
  used_at: usedAt,
  client_id: opened.clientId,
  scope: opened.scope,
  label: opened.label,
  ended_at_ms: null,
  amr: amrText(amr)
})

export function toSession(row: Omit<SessionRow, 'scope'>, scope: string): DurableSession {
  return {
    sid: row.sid,
    subject: row.subject,
    openedAt: row.opened_at,
    expiresAt: row.expires_at,
    usedAt: row.used_at,
    clientId: row.client_id,
    scope,
    label: row.label,
    ended: row.ended_at_ms !== null,
    unpublished: row.untold === 1,
    authentication: {
      amr: amrOf(row.amr),
      atSeconds: row.authenticated_at ?? row.opened_at
    }
  }
}

/** Returns whether the database must learn that a session is used. */
export const isDue =
  ({ idleSeconds }: { readonly idleSeconds: number }, clock: () => number) =>
  ({ usedAt }: DurableSession): boolean =>
    Math.floor(clock() / 1000) - usedAt >= lateSeconds(idleSeconds)

/**
 * The state from which the session store would restore a lost session; null if the session has
 * ended or was idle for too long. The database may get its last use late. So a session that was
 * idle for slightly too long may be restored, but none is lost.
 */
export function restorable(
  session: DurableSession | null,
  policy: { readonly idleSeconds: number },
  nowMs: number
): Opened | null {
  if (session === null || session.ended) return null
  const idleUntil = session.usedAt + policy.idleSeconds + lateSeconds(policy.idleSeconds)
  return nowMs < idleUntil * 1000 ? session : null
}
