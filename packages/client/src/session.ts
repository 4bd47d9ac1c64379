import type { TokenResponse } from './api.ts'
import type { Environment } from './environment.ts'
import type { EndReason, Message } from './message.ts'

type Told = Message & { readonly tells: 'grant' }

/** An access token. `leftMs` counts from `since`. */
export type Grant = Told & {
  readonly since: Clock
  /** a call refreshes in the background if the token is valid for less than this */
  readonly leadMs: number
}

export type SessionEnd = {
  readonly sessionId: string
  /**
   * `logout`: here, or in another tab. `ended`: revoked, expired, or signed out elsewhere.
   * `replaced`: by another login in this browser
   */
  readonly reason: EndReason
}

/** Less than this is not enough for a request to arrive. */
const LEAST_MS = 1000

export type Session = {
  sent(): Sent
  /** null: no user is signed in; undefined: not known yet */
  grant(): Grant | null | undefined
  /** Milliseconds for which the token is valid; 0 or less: it has expired. */
  leftMs(grant: Grant): number
  /**
   * Takes the response of a login or refresh.
   * @param sent when the request was sent
   * @returns the message for the other tabs; null if they have a newer token
   */
  adopt(response: TokenResponse, sent: Sent, isLogin?: boolean): Message | null
  /** Takes a message of another tab; returns whether it changes the session. */
  hear(message: Message): boolean
  /** The token for a tab that asks. */
  told(): Message | null
  end(reason: EndReason): Message
  onEnd(listener: (end: SessionEnd) => void): () => void
}

export type Clock = { readonly monotonicMs: number; readonly wallMs: number }

/** When a request was sent, and the token that the tab had then. */
export type Sent = { readonly since: Clock; readonly before: Grant | null | undefined }

const clockOf = (environment: Environment): Clock => ({
  monotonicMs: environment.monotonicMs(),
  wallMs: environment.wallMs()
})

/** The session as this tab knows it. */
export function openSession(environment: Environment): Session {
  let current: Grant | null | undefined
  let endedId: string | null = null
  const listeners = new Set<(end: SessionEnd) => void>()

  /**
   * The monotonic clock stands still while some devices sleep, and the wall clock may be set: the
   * larger difference counts. A clock that is set costs at most one refresh.
   */
  const leftMs = ({ leftMs, since }: Grant): number => {
    const now = clockOf(environment)
    const age = Math.max(now.monotonicMs - since.monotonicMs, now.wallMs - since.wallMs)
    return leftMs - age - LEAST_MS
  }

  const finish = (reason: EndReason) => {
    if (!current) return
    const end = { sessionId: current.session, reason }
    endedId = current.session
    for (const listener of listeners) queueMicrotask(() => listener(end))
  }

  const take = (told: Told, since: Clock) => {
    if (current && current.session !== told.session) finish('replaced')
    // 10 to 20 % of the lifetime, at random: tabs and devices do not refresh at the same moment.
    const leadMs = told.leftMs * (0.1 + 0.1 * environment.random())
    current = { ...told, leadMs, since }
  }

  /** Whether a token of another tab replaces the token of this one. */
  const isBetter = (heard: Told): boolean => {
    if (heard.session === endedId) return false
    if (!current || heard.isLogin) return heard.token !== current?.token
    if (heard.session !== current.session) return false
    return heard.count > current.count || (leftMs(current) <= 0 && heard.token !== current.token)
  }

  return {
    grant: () => current,
    sent: () => ({ since: clockOf(environment), before: current }),
    leftMs,
    told() {
      const left = current ? leftMs(current) : 0
      return current && left > 0 ? { ...current, leftMs: left + LEAST_MS, isLogin: false } : null
    },
    adopt({ accessToken, expiresIn, session }, { since, before }, isLogin = false) {
      const message: Told = {
        tells: 'grant',
        token: accessToken,
        session: session.id,
        count: (before?.session === session.id ? before.count : 0) + 1,
        leftMs: expiresIn * 1000,
        isLogin
      }
      // While this tab was frozen, other tabs may have got newer tokens.
      const isNewest = isLogin || current === before || isBetter(message)
      if (isNewest) take(message, since)
      return isNewest ? message : null
    },
    hear(message) {
      if (message.tells === 'grant') {
        const isNews = isBetter(message)
        if (isNews) take(message, clockOf(environment))
        return isNews
      }
      if (message.tells !== 'end') return false
      const { session, reason } = message
      // A logout in a tab that did not know its session ended the session of the cookie.
      const isMine = session === current?.session || (session === null && reason === 'logout')
      if (current && !isMine) return false
      finish(reason)
      current = null
      return true
    },
    end(reason) {
      const session = current?.session ?? null
      finish(reason)
      current = null
      return { tells: 'end', session, reason }
    },
    onEnd(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    }
  }
}
