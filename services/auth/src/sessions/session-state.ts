import type { DurableSessions } from './durable/durable-sessions.ts'
import { type SessionEnds, type SessionEndsOptions, sessionEnds } from './ends/session-ends.ts'
import type { Families } from './families/families.ts'
import { type ListSessions, listSessions } from './list-sessions.ts'
import type { Lifetimes } from './session-settings.ts'

/** The sessions in both stores, and the code that keeps the two consistent. */
export type SessionState = {
  readonly families: Families
  readonly durable: DurableSessions
  readonly ends: SessionEnds
  readonly listSessions: ListSessions
  readonly policy: Lifetimes
}

export function sessionState(
  options: SessionEndsOptions & { readonly policy: Lifetimes }
): SessionState {
  const { families, durable, policy } = options
  return {
    families,
    durable,
    ends: sessionEnds(options),
    listSessions: listSessions(options),
    policy
  }
}
