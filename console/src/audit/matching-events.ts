import type { AuditEvent } from '../api/responses.ts'

/** What the operator wants to see. Empty: everything. */
export type AuditFilter = {
  readonly kind: string
  /** the id of an account, client, key or operator */
  readonly subject: string
}

/** The live events that match, and those that were read; each once, the newest first. */
export function matchingEvents(
  read: readonly AuditEvent[],
  live: readonly AuditEvent[],
  { kind, subject }: AuditFilter
): AuditEvent[] {
  const matching = live.filter(
    (one) => (kind === '' || one.kind === kind) && (subject === '' || one.user === subject)
  )
  const each = new Map([...matching, ...read].map((one) => [nameOf(one), one]))
  return [...each.values()].toSorted((one, other) => (one.at < other.at ? 1 : -1))
}

/** Distinguishes events: a request causes one of a kind for each subject and session. */
export const nameOf = ({ at, kind, requestId, user, session }: AuditEvent): string =>
  [at, kind, requestId, user, session].join(' ')
