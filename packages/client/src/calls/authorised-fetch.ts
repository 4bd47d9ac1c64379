import type { Environment } from '../environment.ts'
import { problemOf } from '../post.ts'
import type { Refresh } from '../session/refresh.ts'
import type { TokenSource } from '../session/usable-token.ts'
import { untilAborted } from '../sleep.ts'

/**
 * Problems and challenges (RFC 9470) after which the session gets another token: a refresh finds
 * out whether it has really ended, or whether a step-up has strengthened it.
 */
const REFRESHES = /TOKEN_(EXPIRED|STALE)|SESSION_ENDED|insufficient_user/

type Input = string | URL | Request

/** Whether a body can be sent only once. */
const isStream = (body: unknown): boolean =>
  !!((body as Stream)?.getReader ?? (body as Stream)?.[Symbol.asyncIterator])

type Stream = { getReader?: unknown; [Symbol.asyncIterator]?: unknown } | null | undefined

export type FetchPorts = {
  readonly environment: Environment
  /** resolves relative addresses */
  readonly origin: string
  /** those that get the token */
  readonly origins: ReadonlySet<string>
  readonly usableToken: TokenSource
  readonly refresh: Refresh
}

/** `fetch` with the session's token, for the listed origins and no others. */
export function authorisedFetch(ports: FetchPorts) {
  const { environment, origin, origins, usableToken, refresh } = ports
  return async (input: Input, init: RequestInit = {}): Promise<Response> => {
    const request = (input as Request).url ? (input as Request) : null
    const url = new URL(request?.url ?? String(input), origin)
    const target = request ?? url
    const headers = new Headers(init.headers ?? request?.headers)
    if (!origins.has(url.origin) || headers.has('authorization')) {
      return environment.fetch(target, init)
    }
    const signal = init.signal ?? request?.signal
    // A Request with a body is a stream, whatever it was made from.
    const once = isStream(init.body) || !/^(get|head)$/i.test(request?.method ?? 'get')
    const send = (token: string | undefined) => {
      if (token) headers.set('authorization', `Bearer ${token}`)
      return environment.fetch(target, { ...init, headers })
    }

    const grant = await untilAborted(usableToken(once), signal)
    const response = await send(grant?.token)
    if (grant === null || response.status !== 401) return response
    if (!/problem\+json/.test(response.headers.get('content-type') ?? '')) return response
    const { code } = await problemOf(response.clone())
    const why = code + response.headers.get('www-authenticate')
    if (!REFRESHES.test(why)) return response
    const next = await untilAborted(refresh.refreshed(grant.token), signal)
    // A request of this session must not be repeated with the token of a later login.
    if (once || next?.session !== grant.session || next.token === grant.token) return response
    await response.body?.cancel()
    return send(next.token)
  }
}
