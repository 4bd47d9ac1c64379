import type { TokenResponse } from '../api.ts'
import type { Environment } from '../environment.ts'
import type { SessionEnd } from '../gatehouse-client.ts'
import type { Message } from '../tabs/message.ts'

type GrantMessage = Message & { readonly type: 'grant' }

/** An access token. `leftMs` counts from `since`. */
export type Grant = GrantMessage & {
  readonly since: Clock
  /** a call refreshes in the background if the token is valid for less than this */
  readonly leadMs: number
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
  receive(message: Message): boolean
  /** The token of this tab, as the answer to the question of another one. */
  answer(): Message | null | undefined
  end(reason: SessionEnd['reason']): Message
  onEnd(listener: (end: SessionEnd) => void): () => void
}

export type Clock = { readonly monotonicMs: number; readonly wallMs: number }

/** When a request was sent, and the token that the tab had then. */
export type Sent = { readonly since: Clock; readonly before: Grant | null | undefined }

/**
 * The monotonic clock stands still while some devices sleep, and the wall clock may be set: the
 * larger difference counts. A clock that is set costs at most one refresh.
 */
function leftOf({ leftMs, since }: Grant, now: Clock): number {
  const age = Math.max(now.monotonicMs - since.monotonicMs, now.wallMs - since.wallMs)
  return leftMs - age - LEAST_MS
}

/** The message to the other tabs after a login or refresh. */
const grantMessage = (
  { accessToken, expiresIn, session }: TokenResponse,
  before: Sent['before'],
  isLogin: boolean
): GrantMessage => ({
  type: 'grant',
  token: accessToken,
  session: session.id,
  count: (before?.session === session.id ? before.count : 0) + 1,
  leftMs: expiresIn * 1000,
  isLogin
})

/** Whether a token of another tab replaces the token of this one. */
function isBetter(received: GrantMessage, current: Grant | null | undefined, now: Clock): boolean {
  const isOther = received.token !== current?.token
  if (!current || received.isLogin) return isOther
  if (received.session !== current.session) return false
  return received.count > current.count || (leftOf(current, now) <= 0 && isOther)
}

/** The session as this tab knows it. */
export function openSession(environment: Environment): Session {
  let current: Grant | null | undefined
  let endedId: string | null = null
  const listeners = new Set<(end: SessionEnd) => void>()
  const now = (): Clock => ({
    monotonicMs: environment.monotonicMs(),
    wallMs: environment.wallMs()
  })

  const end = (reason: SessionEnd['reason']): Message => {
    const session = current?.session ?? null
    if (session !== null) {
      endedId = session
      for (const listener of listeners)
        queueMicrotask(() => listener({ sessionId: session, reason }))
    }
    current = null
    return { type: 'end', session, reason }
  }

  /** @param isKnown to be newer than the token of this tab */
  const take = (message: GrantMessage, since: Clock, isKnown = false): GrantMessage | null => {
    if (!isKnown && (message.session === endedId || !isBetter(message, current, now()))) return null
    if (current && current.session !== message.session) end('replaced')
    // 10 to 20 % of the lifetime, at random: tabs and devices do not refresh at the same moment.
    const leadMs = message.leftMs * (0.1 + 0.1 * environment.random())
    current = { ...message, leadMs, since }
    return message
  }

  return {
    grant: () => current,
    sent: () => ({ since: now(), before: current }),
    leftMs: (grant) => leftOf(grant, now()),
    answer() {
      const leftMs = current ? leftOf(current, now()) : 0
      return current && leftMs > 0
        ? { ...current, leftMs: leftMs + LEAST_MS, isLogin: false }
        : null
    },
    // While this tab was frozen, other tabs may have got newer tokens.
    adopt: (response, { since, before }, isLogin = false) =>
      take(grantMessage(response, before, isLogin), since, isLogin || current === before),
    receive(message) {
      if (message.type === 'grant') return take(message, now()) !== null
      if (message.type !== 'end' || !concerns(message, current)) return false
      end(message.reason)
      return true
    },
    end,
    onEnd(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    }
  }
}

/** A tab can log out before it knows its session. That logout ends the session of the cookie. */
const concerns = (
  { session, reason }: Message & { readonly type: 'end' },
  current: Grant | null | undefined
): boolean => !current || session === current.session || (session === null && reason === 'logout')
