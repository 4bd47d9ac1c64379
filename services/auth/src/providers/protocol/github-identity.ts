import { type Static, Type } from 'typebox'
import { mappedRights } from '../mapping/mapped-rights.ts'
import type { GithubEntry } from '../provider-entry.ts'
import { asked, type GithubApi, GithubNumber, MOST_PAGES, PER_PAGE } from './github-api.ts'
import { githubMemberships } from './github-memberships.ts'
import { ProviderFault } from './provider-fault.ts'
import { addressIn, mappable, type ProviderIdentity } from './provider-identity.ts'

const User = Type.Object({
  id: GithubNumber,
  // An organization or an app is not a person.
  type: Type.Literal('User')
})

const Emails = Type.Array(
  Type.Object({ email: Type.String(), primary: Type.Boolean(), verified: Type.Boolean() }),
  { maxItems: PER_PAGE }
)

type Email = Static<typeof Emails>[number]

/**
 * Asks GitHub who has signed in.
 * @throws ProviderFault
 */
export async function githubIdentity(
  entry: GithubEntry,
  api: GithubApi
): Promise<ProviderIdentity> {
  const { issuer } = entry
  const user = await asked(User, `${entry.api}/user`, api)
  // Status 403 and 404: the token may not read the user it was issued for.
  if (user === null) throw new ProviderFault('invalid', 'GitHub does not show its user')
  const address = addressOf(await primaryAddress(entry, api))
  const memberships = await githubMemberships(entry, api)
  const rights = mappedRights(mappable(memberships, address), entry)
  return { issuer, subject: String(user.id), ...address, rights }
}

/** Null: GitHub lists none, or the user has not allowed the app to read it. */
async function primaryAddress(entry: GithubEntry, api: GithubApi): Promise<Email | null> {
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
