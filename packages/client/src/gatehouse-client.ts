import type { Abortable } from './abortable.ts'
import type { FactorAnswer, Login, ProviderLogin, Registered, Registration } from './api.ts'
import type { RefreshTokenStorage } from './storage.ts'
import type { EndReason } from './tabs/message.ts'

export type ClientOptions = {
  /** the origin of the gateway, such as `https://api.example.com` */
  readonly baseUrl: string
  /**
   * `cookie` for pages: the refresh token is in a cookie that no script can read, and all tabs
   * share one session. `body` for React Native and Node.js: this client keeps the refresh token in
   * `storage`
   */
  readonly delivery: 'cookie' | 'body'
  /** for `delivery: 'body'`; without it, the refresh token is in memory only */
  readonly storage?: RefreshTokenStorage
  /** other origins whose requests get the access token; `baseUrl` always does */
  readonly origins?: readonly string[]
}

export type SessionEnd = {
  readonly sessionId: string
  /**
   * `logout`: here, or in another tab. `ended`: revoked, expired, or signed out elsewhere.
   * `replaced`: by another login in this browser
   */
  readonly reason: EndReason
}

/**
 * A client of one Gatehouse, for one user. The access token is in memory only. A method rejects
 * with `GatehouseProblem`, or after an abort with the reason of its `signal`.
 */
export type GatehouseClient = {
  /**
   * Opens a session. `COOKIE_DROPPED`: the browser did not keep the cookie, and `detail` says why.
   * `UNAUTHENTICATED`: the address or the password is wrong. `FACTOR_REQUIRED`: the account needs a
   * second factor; the problem has a `challenge` and its `factors`. Call it again with the
   * challenge and an answer. Then `FACTOR_REQUIRED` means that the code is wrong. `UNAUTHENTICATED`
   * means that the challenge can no longer be answered: call `login` with the password again. With
   * the code of another provider, `CONFLICT`: an account has the address; its user signs in, and
   * links the provider.
   */
  login(
    credentials: Login | FactorAnswer | ProviderLogin,
    options?: Abortable
  ): Promise<{ readonly id: string }>
  /** Ends the session, in all tabs. If it rejects, the session may still be open. */
  logout(options?: Abortable): Promise<void>
  /**
   * Ends every session of the user, on all devices. `SESSION_ENDED` or `UNAUTHENTICATED`: this
   * session had ended before, so the others may still be open. Sign in, and call it again.
   */
  logoutEverywhere(options?: Abortable): Promise<void>
  /** Creates an account, or sends the user a link that creates it. It does not sign in. */
  register(registration: Registration, options?: Abortable): Promise<Registered>
  /**
   * `fetch` with the access token, for `baseUrl` and the listed `origins`. A path such as `/orders`
   * is one of `baseUrl`. It refreshes when necessary, for example after a step-up, and repeats a
   * request once. It returns responses of services unchanged, whatever their status.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** The session, or null if no user is signed in. A page calls it when it starts. */
  session(options?: Abortable): Promise<{ readonly id: string } | null>
  /** Calls back when the session ends, in any tab. Returns a function that stops this. */
  onSessionEnd(listener: (end: SessionEnd) => void): () => void
  /** An access token that is valid now, for other libraries; null if no user is signed in. */
  getAccessToken(options?: Abortable): Promise<string | null>
  /**
   * Opens a WebSocket with the access token. The gateway closes it with 3000 when the token has
   * expired or is revoked.
   */
  webSocket(
    url: string | URL,
    options?: Abortable & { readonly protocols?: readonly string[] }
  ): Promise<WebSocket>
}
