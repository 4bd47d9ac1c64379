import { type Static, type TArray, Type } from 'typebox'
import { mappedSources } from '../mapping/mapping-rules.ts'
import type { GithubEntry } from '../provider-entry.ts'
import { asked, type GithubApi, GithubNumber, MOST_PAGES, PER_PAGE } from './github-api.ts'

/** `GET /user/memberships/orgs`, with the scope `read:org` */
const Organizations = Type.Array(
  Type.Object({ state: Type.String(), organization: Type.Object({ id: GithubNumber }) }),
  { maxItems: PER_PAGE }
)

/** `GET /user/teams`, with the same scope */
const Teams = Type.Array(Type.Object({ id: GithubNumber }), { maxItems: PER_PAGE })

type Memberships = {
  readonly organizations?: readonly number[]
  readonly teams?: readonly number[]
}

/**
 * The numbers of the organizations and teams of the user, if the mapping reads them. Those that the
 * user or their organization does not show to the app are missing.
 * @throws ProviderFault
 */
export async function githubMemberships(entry: GithubEntry, api: GithubApi): Promise<Memberships> {
  const sources = mappedSources(entry)
  const base = `${entry.api}/user`
  const organizations = sources.has('organizations')
    ? await pagesOf(Organizations, `${base}/memberships/orgs?state=active&`, api)
    : null
  const teams = sources.has('teams') ? await pagesOf(Teams, `${base}/teams?`, api) : null
  return {
    ...(organizations === null ? {} : { organizations: activeIn(organizations) }),
    ...(teams === null ? {} : { teams: teams.map(({ id }) => id) })
  }
}

/** An invitation to an organization is a membership in the state `pending`. */
const activeIn = (memberships: Static<typeof Organizations>): number[] =>
  memberships.filter(({ state }) => state === 'active').map(({ organization: { id } }) => id)

async function pagesOf<Schema extends TArray>(
  schema: Schema,
  url: string,
  api: GithubApi
): Promise<Static<Schema>[number][]> {
  const found: Static<Schema>[number][] = []
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const items = (await asked(schema, `${url}per_page=${PER_PAGE}&page=${page}`, api)) ?? []
    found.push(...items)
    if (items.length < PER_PAGE) break
  }
  return found
}
