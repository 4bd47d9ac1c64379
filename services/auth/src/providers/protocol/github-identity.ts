import { type Static, type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'
import type { GithubEntry } from '../provider-entry.ts'
import type { boundedFetch } from './bounded-fetch.ts'
import { ProviderFault } from './provider-fault.ts'
import { addressIn, type ProviderIdentity } from './provider-identity.ts'

/** the most that GitHub lists on one page */
const PER_PAGE = 100
/** how many pages are read until one has the primary address */
const MOST_PAGES = 3

/**
 * The number stays when a user is renamed. The name does not: another user can take it. A number
 * that JavaScript cannot represent exactly is refused, because two of them would look the same.
 */
const User = Type.Object({
  id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  // An organization or an app is not a person.
  type: Type.Literal('User')
})

const Emails = Type.Array(
  Type.Object({ email: Type.String(), primary: Type.Boolean(), verified: Type.Boolean() }),
  { maxItems: PER_PAGE }
)

type Email = Static<typeof Emails>[number]

type Api = {
  readonly accessToken: string
  readonly fetch: ReturnType<typeof boundedFetch>
  /** ends all requests */
  readonly signal: AbortSignal
}

/**
 * Asks GitHub who has signed in.
 * @throws ProviderFault
 */
export async function githubIdentity(entry: GithubEntry, api: Api): Promise<ProviderIdentity> {
  const { issuer } = entry
  const user = await asked(User, `${entry.api}/user`, api)
  // Status 403 and 404: the token may not read the user it was issued for.
  if (user === null) throw new ProviderFault('invalid', 'GitHub does not show its user')
  const primary = await primaryAddress(entry, api)
  return { issuer, subject: String(user.id), ...addressOf(primary) }
}

/** Null: GitHub lists none, or the user has not allowed the app to read it. */
async function primaryAddress(entry: GithubEntry, api: Api): Promise<Email | null> {
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    // Not the `Link` of the response, which could lead anywhere.
    const url = `${entry.api}/user/emails?per_page=${PER_PAGE}&page=${page}`
    const emails = (await asked(Emails, url, api)) ?? []
    const [primary, another] = emails.filter((email) => email.primary)
    if (another !== undefined) {
      throw new ProviderFault('invalid', 'GitHub lists several primary addresses')
    }
    if (primary !== undefined) return primary
    if (emails.length < PER_PAGE) return null
  }
  return null
}

/**
 * Nobody reads what is sent to an address that GitHub makes up for its users, and the old form
 * `NAME@users.noreply.github.com` goes to the next user of the name.
 */
const isMadeUp = (email: string): boolean => /@users\.noreply\./i.test(email)

const addressOf = (primary: Email | null) =>
  addressIn(
    primary === null || isMadeUp(primary.email)
      ? {}
      : { email: primary.email, email_verified: primary.verified }
  )

/** Null: GitHub refuses to show it. */
async function asked<Schema extends TSchema>(
  schema: Schema,
  url: string,
  { accessToken, fetch, signal }: Api
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
