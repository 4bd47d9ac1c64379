import type { DurableSessions } from './durable-sessions.ts'
import { type SessionEnds, sessionEnds } from './ends/session-ends.ts'
import type { ToldEnds } from './ends/told-ends.ts'
import type { Families } from './families/families.ts'
import { type ListSessions, sessionList } from './list-sessions.ts'

/** How long sessions live, in seconds: since the last use, and in total. */
export type Lifetimes = { readonly idleSeconds: number; readonly absoluteSeconds: number }

/** The sessions in both stores, and the code that keeps the two consistent. */
export type SessionState = {
  readonly families: Families
  readonly durable: DurableSessions
  readonly ends: SessionEnds
  readonly listSessions: ListSessions
  readonly policy: Lifetimes
}

export function sessionState(options: {
  families: Families
  durable: DurableSessions
  toldEnds: ToldEnds
  retell: readonly (() => Promise<void>)[]
  policy: Lifetimes
  revocationSeconds: number
  /** is called if the session store has lost all its data */
  onLostData?: () => void
  clock: () => number
}): SessionState {
  const { families, durable, policy } = options
  return {
    families,
    durable,
    ends: sessionEnds(options),
    listSessions: sessionList(options),
    policy
  }
}
