import { type Static, type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'
import type { BoundedFetch } from './bounded-fetch.ts'
import { ProviderFault } from './provider-fault.ts'

/** the most that GitHub lists on one page */
export const PER_PAGE = 100
/** the most pages of one list that are read */
export const MOST_PAGES = 3

/**
 * The number of a user, an organization or a team stays when it is renamed. The name does not:
 * another one can take it. A number that JavaScript cannot represent exactly is refused, because
 * two of them would look the same.
 */
export const GithubNumber = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })

export type GithubApi = {
  readonly accessToken: string
  readonly fetch: BoundedFetch
  /** ends all requests */
  readonly signal: AbortSignal
}

/** Null: GitHub refuses to show it. */
export async function asked<Schema extends TSchema>(
  schema: Schema,
  url: string,
  { accessToken, fetch, signal }: GithubApi
): Promise<Static<Schema> | null> {
  const response = await fetch(url, {
    signal,
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${accessToken}`,
      'user-agent': 'gatehouse',
      'x-github-api-version': '2022-11-28'
    }
  })
  const { status, headers } = response
  if (status === 403 && isLimited(headers)) {
    throw new ProviderFault('unavailable', 'GitHub limits the requests of the auth service')
  }
  if (status === 403 || status === 404) return null
  if (status !== 200) {
    throw new ProviderFault('invalid', `the API of GitHub responded with the status ${status}`)
  }
  const shown = await response.json().catch(() => undefined)
  if (Value.Check(schema, shown)) return shown
  throw new ProviderFault('invalid', 'a response of the API of GitHub is not valid')
}

/** GitHub limits requests with 403 too. */
const isLimited = (headers: Headers): boolean =>
  headers.get('x-ratelimit-remaining') === '0' || headers.has('retry-after')
