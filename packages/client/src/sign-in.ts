import type { Login, Registration, TokenResponse, User } from './api.ts'
import type { Environment } from './environment.ts'
import { noAnswer, type Post } from './post.ts'
import { GatehouseProblem } from './problem.ts'
import { bodyOf, isNoSession, tokensOf } from './refresh.ts'
import type { Session } from './session.ts'
import { untilAborted } from './sleep.ts'
import type { RefreshTokenStorage } from './storage.ts'
import type { Tabs } from './tabs.ts'

export type Abortable = { readonly signal?: AbortSignal | null | undefined }

export type SignInPorts = {
  readonly environment: Environment
  readonly origin: string
  readonly session: Session
  readonly tabs: Tabs
  readonly post: Post
  readonly storage: RefreshTokenStorage | null
}

/** Opens and ends sessions. Meanwhile, no other tab and no refresh may change the cookie. */
export function signIn(ports: SignInPorts) {
  const { environment, origin, session, tabs, post, storage } = ports

  /**
   * Asks with the cookie, as the next refresh will.
   * @returns the tokens; null if an outage hides the result
   * @throws GatehouseProblem `COOKIE_DROPPED` if the browser has not kept it
   */
  const probe = async ({ accessToken, session }: TokenResponse): Promise<TokenResponse | null> => {
    let why = ''
    try {
      const tokens = tokensOf(await post('/auth/refresh-token'))
      if (tokens.session.id === session.id) return tokens
    } catch (error) {
      if (!isNoSession(error)) return null
      why = `: ${(error as GatehouseProblem).message}`
    }
    const headers = { authorization: `Bearer ${accessToken}` }
    const address = `${origin}/auth/sessions/${session.id}`
    await environment.fetch(address, { method: 'DELETE', headers }).catch(() => {})
    const title = 'The browser did not keep the session cookie'
    const detail = title + why
    const facts = { code: 'COOKIE_DROPPED', status: 0, title, detail, retryable: false } as const
    throw new GatehouseProblem(facts)
  }

  const alone = (work: () => Promise<void>, signal: AbortSignal | null | undefined) =>
    untilAborted(tabs.alone(work, false), signal)

  return {
    async login({ email, password }: Login, { signal }: Abortable = {}) {
      let id = ''
      await alone(async () => {
        const sent = session.sent()
        const credentials = { email, password, delivery: storage ? 'body' : 'cookie' }
        const tokens = tokensOf(await post('/auth/login', credentials, signal))
        if (storage) await storage.write(tokens.refreshToken ?? null)
        const newest = (storage ? null : await probe(tokens)) ?? tokens
        const told = session.adopt(newest, sent, true)
        if (told) tabs.post(told)
        id = tokens.session.id
      }, signal)
      return { id }
    },

    logout: ({ signal }: Abortable = {}): Promise<void> =>
      alone(async () => {
        const refreshToken = storage && (await storage.read())
        if (!storage || refreshToken !== null) {
          await post('/auth/logout', bodyOf(refreshToken), signal).catch((error: unknown) => {
            // The session has already ended.
            if (!isNoSession(error)) throw error
          })
        }
        if (storage) await storage.write(null)
        tabs.post(session.end('logout'))
      }, signal),

    async register(
      { email, password, invitation }: Registration,
      { signal }: Abortable = {}
    ): Promise<User> {
      const registration = { email, password, invitation }
      const answer = (await post('/auth/register', registration, signal)) as { user: User } | null
      if (!answer?.user) throw noAnswer()
      return answer.user
    }
  }
}
