import type { Refresh } from './refresh.ts'
import type { Grant, Session } from './session.ts'

/**
 * A token for the next request; null if no user is signed in. There are no timers: the token is
 * refreshed when it is needed, so an idle page leaves its session idle, and a device that wakes up
 * refreshes before its first call.
 * @param answered resolves when other tabs have had the time to answer
 * @returns a function; with `once`, it waits for a refresh that is due soon, because the request
 * cannot be repeated
 */
export function tokenSource(session: Session, refresh: Refresh, answered: Promise<unknown>) {
  return async (once = false): Promise<Grant | null> => {
    if (session.grant() === undefined) await answered
    const grant = session.grant()
    if (!grant) return grant === null ? null : refresh.refreshed(undefined)
    const leftMs = session.leftMs(grant)
    if (leftMs > grant.leadMs) return grant
    const next = refresh.refreshed(grant.token)
    if (leftMs <= 0) return next
    const nextOrThis = next.catch(() => grant)
    return once ? nextOrThis : grant
  }
}

export type TokenSource = ReturnType<typeof tokenSource>
