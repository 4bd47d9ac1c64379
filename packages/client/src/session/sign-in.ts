import type { Abortable } from '../abortable.ts'
import type {
  FactorAnswer,
  Login,
  ProviderLogin,
  Registered,
  Registration,
  TokenResponse,
  User
} from '../api.ts'
import type { ClientOptions } from '../gatehouse-client.ts'
import { noResponse } from '../post.ts'
import { GatehouseProblem } from '../problem.ts'
import { untilAborted } from '../sleep.ts'
import { bodyOf, isNoSession, type RefreshPorts, tokensOf } from './refresh.ts'

/** What a login proves: a password, a challenge with its answer, or the code of a provider. */
type Proof = Partial<Login & FactorAnswer & ProviderLogin>

type RegisterResponse = { readonly user?: User; readonly pageSecret?: string }

export type SignInPorts = RefreshPorts & {
  readonly origin: string
  readonly delivery: ClientOptions['delivery']
}

/**
 * Refreshes once, to check that the browser has kept the cookie.
 * @returns the tokens; null if an outage hides the result
 * @throws GatehouseProblem `COOKIE_DROPPED` if the browser has not kept it
 */
async function probe(
  { accessToken, session }: TokenResponse,
  { environment, origin, post }: SignInPorts
): Promise<TokenResponse | null> {
  let why = ''
  try {
    const tokens = tokensOf(await post('/auth/refresh-token'))
    if (tokens.session.id === session.id) return tokens
  } catch (error) {
    if (!isNoSession(error)) return null
    why = `: ${(error as GatehouseProblem).message}`
  }
  const headers = { authorization: `Bearer ${accessToken}` }
  const ending = { method: 'DELETE', headers }
  await environment.fetch(`${origin}/auth/sessions/${session.id}`, ending).catch(() => {})
  const title = 'The browser dropped the cookie'
  throw new GatehouseProblem({
    code: 'COOKIE_DROPPED',
    status: 0,
    title,
    detail: title + why,
    retryable: false
  })
}

/**
 * Opens and ends sessions. Meanwhile, no other tab, no refresh and no other process may change the
 * refresh token.
 */
export function signIn(ports: SignInPorts) {
  const { delivery, session, tabs, post, storage } = ports

  const alone = (work: () => Promise<void>, signal: AbortSignal | null | undefined) =>
    untilAborted(tabs.alone(work, false), signal)

  return {
    async login(proof: Proof, { signal }: Abortable = {}) {
      let id = ''
      await alone(async () => {
        const sent = session.sent()
        // The challenge has the delivery of the login that it belongs to.
        const response = proof.challenge
          ? post('/auth/login/factor', proof, signal)
          : post(
              proof.code ? '/auth/login/providers' : '/auth/login',
              { ...proof, delivery },
              signal
            )
        const tokens = tokensOf(await response)
        await storage.write(tokens.refreshToken ?? null)
        const newest = delivery === 'cookie' && (await probe(tokens, ports))
        tabs.post(session.adopt(newest || tokens, sent, true))
        id = tokens.session.id
      }, signal)
      return { id }
    },

    logout: ({ signal }: Abortable = {}): Promise<void> =>
      alone(async () => {
        const refreshToken = await storage.read()
        if (refreshToken !== null) {
          await post('/auth/logout', bodyOf(refreshToken), signal).catch((error: unknown) => {
            // The session has already ended.
            if (!isNoSession(error)) throw error
          })
        }
        await storage.write(null)
        tabs.post(session.end('logout'))
      }, signal),

    async register(registration: Registration, { signal }: Abortable = {}): Promise<Registered> {
      const response = (await post(
        '/auth/register',
        registration,
        signal
      )) as RegisterResponse | null
      if (!response) throw noResponse()
      return { ...response, ...response.user }
    }
  }
}
