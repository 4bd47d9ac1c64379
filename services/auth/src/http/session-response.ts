import { Type } from 'typebox'
import type { StoredFamily } from '../sessions/families.ts'

/** A session as its user or an operator sees it. */
export const Session = Type.Object({
  id: Type.String(),
  /** whether it is the current session of the caller */
  current: Type.Boolean(),
  /** ISO 8601, like the next two */
  createdAt: Type.String(),
  lastUsedAt: Type.String(),
  expiresAt: Type.String(),
  label: Type.String()
})

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
