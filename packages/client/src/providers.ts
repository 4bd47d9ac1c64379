import type { Abortable } from './abortable.ts'
import type { Identity, Provider, ProviderLogin } from './api.ts'
import type { GatehouseClient } from './gatehouse-client.ts'
import { noResponse, problemOf } from './post.ts'
import { GatehouseProblem } from './problem.ts'

export type { Identity, Provider, ProviderLogin }

/** A login that begins. */
export type BegunLogin = {
  /** Open it in the browser of the user, as a page. */
  readonly url: string
  /** Keep it until the login has returned, in `sessionStorage` or the storage of the app. */
  readonly codeVerifier: string
}

export type LoginOptions = {
  readonly baseUrl?: string
  readonly returnTo?: string
  readonly prompt?: 'login'
}

/** What a login returned: a code, or why there is none. */
export type ProviderResult = {
  readonly provider: string
  readonly code?: string
  readonly error?: 'denied' | 'invalid' | 'unavailable' | 'expired'
}

/**
 * Logins by other providers. A method rejects with `GatehouseProblem`, or after an abort with the
 * reason of its `signal`. All methods but `list` need a user who is signed in. `UNAUTHENTICATED`:
 * the user must sign in again first.
 */
export type Providers = {
  /** The providers of the installation, for buttons. */
  readonly list: (options?: Abortable) => Promise<Provider[]>
  /** The providers that are linked to the account of the user. */
  readonly linked: (options?: Abortable) => Promise<Identity[]>
  /** Links a provider to the account of the user. `CONFLICT`: it is linked to another account. */
  readonly link: (login: ProviderLogin, options?: Abortable) => Promise<Identity>
  /** Removes a linked provider. `CONFLICT`: nothing else would open a session. */
  readonly unlink: (id: string, options?: Abortable) => Promise<void>
}

type Listed = { readonly providers: Provider[] }
type Linked = { readonly identities: Identity[] }

/** The providers of this client. */
export function providersOf({ fetch }: Pick<GatehouseClient, 'fetch'>): Providers {
  const send = async <Result>(
    path: string,
    init: RequestInit,
    { signal }: Abortable = {}
  ): Promise<Result> => {
    try {
      const response = await fetch(`/auth/${path}`, { ...init, signal: signal ?? null })
      if (!response.ok) throw await problemOf(response)
      const text = await response.text()
      return (text ? JSON.parse(text) : undefined) as Result
    } catch (error) {
      throw signal?.aborted || error instanceof GatehouseProblem ? error : noResponse(error)
    }
  }
  const headers = { 'content-type': 'application/json' }
  return {
    list: async (options) => (await send<Listed>('login/providers', {}, options)).providers,
    linked: async (options) => (await send<Linked>('identities', {}, options)).identities,
    link: ({ code, codeVerifier }, options) => {
      const body = JSON.stringify({ code, codeVerifier })
      return send('identities', { method: 'POST', headers, body }, options)
    },
    unlink: (id, options) =>
      send(`identities/${encodeURIComponent(id)}`, { method: 'DELETE' }, options)
  }
}

const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

/**
 * Begins a login at a provider (PKCE, RFC 7636). After it has returned, call `login` of the client
 * with the code and the verifier, or `link`.
 * @param provider its id
 * @param options `baseUrl`: the origin of the gateway, if the page has another one; `returnTo`: one
 *   of `AUTH_RETURN_URLS`, byte for byte; default: the first one; `prompt`: the provider asks its
 *   user to sign in again, for `POST /auth/step-up`; only of providers with `reauthentication`
 */
export async function beginLogin(
  provider: string,
  { baseUrl = '', returnTo, prompt }: LoginOptions = {}
): Promise<BegunLogin> {
  const codeVerifier = base64url(crypto.getRandomValues(new Uint8Array(32)))
  const text = new TextEncoder().encode(codeVerifier)
  const digest = await crypto.subtle.digest('SHA-256', text)
  const query = new URLSearchParams({ codeChallenge: base64url(new Uint8Array(digest)) })
  if (returnTo !== undefined) query.set('returnTo', returnTo)
  if (prompt !== undefined) query.set('prompt', prompt)
  const path = `/auth/login/providers/${encodeURIComponent(provider)}`
  return { url: `${baseUrl}${path}?${query}`, codeVerifier }
}

/** Members of `globalThis` that only browsers have. */
type Browser = {
  readonly location: { readonly hash: string; readonly pathname: string; readonly search: string }
  readonly history: {
    readonly state: unknown
    replaceState(state: unknown, unused: string, url: string): void
  }
}

/**
 * What the login returned that opened this page; null without one. Removes it from the address, so
 * that the history does not have it.
 */
export function takeProviderResult(): ProviderResult | null {
  const { location, history } = globalThis as unknown as Browser
  const result = Object.fromEntries(new URLSearchParams(location.hash.slice(1)))
  if (!result.provider || !(result.code || result.error)) return null
  history.replaceState(history.state, '', location.pathname + location.search)
  return result as ProviderResult
}
