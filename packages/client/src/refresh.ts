import type { TokenResponse } from './api.ts'
import type { Environment } from './environment.ts'
import type { Message } from './message.ts'
import { noAnswer, type Post } from './post.ts'
import { GatehouseProblem } from './problem.ts'
import type { Grant, Session } from './session.ts'
import { sleep } from './sleep.ts'
import type { RefreshTokenStorage } from './storage.ts'
import type { Tabs } from './tabs.ts'

const ATTEMPTS = 3
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [250, 2000]
/** A longer `Retry-After` is for the program, not for a call that waits. */
const LONGEST_WAIT_MS = 5000

export type RefreshPorts = {
  readonly environment: Environment
  readonly session: Session
  readonly tabs: Tabs
  readonly post: Post
  /** null: the refresh token is in the cookie */
  readonly storage: RefreshTokenStorage | null
}

/** The body of a refresh or logout; without one, the cookie has the token. */
export const bodyOf = (refreshToken: string | null): object | undefined =>
  refreshToken === null ? undefined : { refreshToken }

export type Refresh = {
  /**
   * A token other than `was`, and null after the confirmed end of the session. All callers share
   * one refresh.
   * @throws GatehouseProblem an outage: the session is as it was
   */
  instead(was: string | undefined): Promise<Grant | null>
  /** Takes the failed refresh of another tab. The calls that wait here fail as well. */
  hearFailure(failure: Message & { readonly tells: 'failure' }): true
}

/** The token response of a successful login or refresh. */
export function tokensOf(answer: unknown): TokenResponse {
  const tokens = answer as TokenResponse | null
  // A captive portal answers 200 too.
  if (!tokens?.accessToken || !tokens.session?.id) throw noAnswer()
  return tokens
}

/** Whether the server has confirmed that there is no session, or no such one. */
export const isNoSession = (error: unknown): boolean =>
  error instanceof GatehouseProblem && /^(SESSION_ENDED|UNAUTHENTICATED)$/.test(error.code)

export function refresher(ports: RefreshPorts): Refresh {
  const { environment, session, tabs, post, storage } = ports
  let flight: Promise<Grant | null> | null = null
  let failures = 0
  /** by the monotonic clock */
  let notBeforeMs = 0
  let failure: GatehouseProblem | null = null
  let heardFailure: GatehouseProblem | null = null

  const isNeeded = (was: string | undefined) => {
    const grant = session.grant()
    return grant !== null && grant?.token === was
  }

  const fail = (problem: GatehouseProblem, waitMs: number) => {
    failures += 1
    failure = problem
    notBeforeMs = environment.monotonicMs() + waitMs
  }

  const pauseAfter = ({ retryAfter }: GatehouseProblem): number => {
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS)
    // Never earlier than the server says, and not all at once.
    return (retryAfter === undefined ? pause : retryAfter * 1000) * (1 + environment.random() / 4)
  }

  /** Null if the server has confirmed that there is no session. */
  const attempt = async (): Promise<TokenResponse | null> => {
    const refreshToken = storage && (await storage.read())
    if (storage && refreshToken === null) return null
    try {
      return tokensOf(await post('/auth/refresh-token', bodyOf(refreshToken)))
    } catch (error) {
      if (!isNoSession(error)) throw error
      // Another process may have exchanged the token meanwhile.
      return storage && (await storage.read()) !== refreshToken ? attempt() : null
    }
  }

  const exchange = async (): Promise<void> => {
    const sent = session.sent()
    const tokens = await attempt()
    // Before the access token is used: its use proves to the server that the response arrived.
    if (storage) await storage.write(tokens?.refreshToken ?? null)
    failures = 0
    failure = null
    notBeforeMs = 0
    const told = tokens ? session.adopt(tokens, sent) : session.end('ended')
    if (told) tabs.post(told)
  }

  const exchangePatiently = async (): Promise<void> => {
    for (let attempts = 1; ; attempts += 1) {
      const waitMs = notBeforeMs - environment.monotonicMs()
      if (failure && waitMs > LONGEST_WAIT_MS) throw failure
      if (waitMs > 0) await sleep(environment, waitMs)
      try {
        return await exchange()
      } catch (error) {
        if (!(error instanceof GatehouseProblem)) throw error
        const pauseMs = error.retryable ? pauseAfter(error) : 0
        fail(error, pauseMs)
        if (error.retryable && attempts < ATTEMPTS) continue
        tabs.post({ tells: 'failure', problem: { ...error }, waitMs: pauseMs })
        throw error
      }
    }
  }

  const run = async (was: string | undefined): Promise<Grant | null> => {
    heardFailure = null
    const work = async () => {
      if (isNeeded(was))
        await (storage?.lock ? storage.lock(exchangePatiently) : exchangePatiently())
    }
    await tabs.alone(work, true)
    if (heardFailure && isNeeded(was)) throw heardFailure
    return session.grant() ?? null
  }

  return {
    async instead(was) {
      if (!isNeeded(was)) return session.grant() ?? null
      flight ??= run(was).finally(() => {
        flight = null
      })
      return flight
    },
    hearFailure({ problem, waitMs }) {
      heardFailure = new GatehouseProblem(problem)
      fail(heardFailure, waitMs)
      return true
    }
  }
}
