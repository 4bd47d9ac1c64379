import type { TokenResponse } from '../api.ts'
import type { Environment } from '../environment.ts'
import { noResponse, type Post } from '../post.ts'
import { GatehouseProblem } from '../problem.ts'
import type { TokenPlace } from '../storage.ts'
import type { Message } from '../tabs/message.ts'
import type { Tabs } from '../tabs/tabs.ts'
import { backoff } from './backoff.ts'
import type { Grant, Session } from './session.ts'

export type RefreshPorts = {
  readonly environment: Environment
  readonly session: Session
  readonly tabs: Tabs
  readonly post: Post
  readonly storage: TokenPlace
}

/** The body of a refresh or logout. */
export const bodyOf = (refreshToken: string | undefined): object | undefined =>
  refreshToken ? { refreshToken } : undefined

export type Refresh = {
  /**
   * Returns a token other than `oldToken`, or null once the server has confirmed that the session
   * ended. All callers share one refresh.
   * @throws GatehouseProblem an outage: the session is as it was
   */
  refreshed(oldToken: string | undefined): Promise<Grant | null>
  /** Takes the failed refresh of another tab. The calls that wait here fail as well. */
  receiveFailure(failure: Message & { readonly type: 'failure' }): true
}

/** The token response of a successful login or refresh. */
export function tokensOf(response: unknown): TokenResponse {
  const tokens = response as TokenResponse | null
  // A captive portal answers 200 too.
  if (!tokens?.accessToken || !tokens.session?.id) throw noResponse()
  return tokens
}

/** Whether the server has confirmed that there is no session, or no such one. */
export const isNoSession = (error: unknown): boolean =>
  error instanceof GatehouseProblem && /SESSION_ENDED|UNAUTHENTICATED/.test(error.code)

/** Null if the server has confirmed that there is no session. */
async function tokensFrom(storage: TokenPlace, post: Post): Promise<TokenResponse | null> {
  const refreshToken = await storage.read()
  if (refreshToken === null) return null
  try {
    return tokensOf(await post('/auth/refresh-token', bodyOf(refreshToken)))
  } catch (error) {
    if (!isNoSession(error)) throw error
    // Another process may have exchanged the token meanwhile.
    return (await storage.read()) === refreshToken ? null : tokensFrom(storage, post)
  }
}

export function refresher(ports: RefreshPorts): Refresh {
  const { environment, session, tabs, post, storage } = ports
  const { fail, repeat } = backoff(environment)
  let flight: Promise<void> | null = null
  let failureElsewhere: GatehouseProblem | null = null

  const isNeeded = (oldToken: string | undefined) =>
    session.grant() !== null && session.grant()?.token === oldToken

  const exchange = async (): Promise<void> => {
    const sent = session.sent()
    const tokens = await tokensFrom(storage, post)
    // Before the access token is used: its use proves to the server that the response arrived.
    await storage.write(tokens?.refreshToken ?? null)
    tabs.post(tokens ? session.adopt(tokens, sent) : session.end('ended'))
  }
  const reportFailure = (problem: GatehouseProblem, waitMs: number) =>
    tabs.post({ type: 'failure', problem: { ...problem }, waitMs })

  const run = async (oldToken: string | undefined): Promise<void> => {
    failureElsewhere = null
    await tabs.alone(async () => {
      if (isNeeded(oldToken)) await repeat(exchange, reportFailure)
    }, true)
    if (failureElsewhere && isNeeded(oldToken)) throw failureElsewhere
  }

  return {
    async refreshed(oldToken) {
      if (isNeeded(oldToken)) {
        flight ??= run(oldToken).finally(() => {
          flight = null
        })
        await flight
      }
      return session.grant() ?? null
    },
    receiveFailure({ problem, waitMs }) {
      failureElsewhere = new GatehouseProblem(problem)
      fail(failureElsewhere, waitMs)
      return true
    }
  }
}
