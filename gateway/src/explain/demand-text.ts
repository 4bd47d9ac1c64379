import type { Access, Demand } from '../routes/entry/demand-schema.ts'
import type { Route } from '../routes/entry/route.ts'

/** What a route requires of a caller, as text: for all methods first, then by method. */
export function demandsOf({ access, methods, ...route }: Route): string[] {
  const byMethod = Object.entries(methods ?? {}).map(([method, demand]) => {
    const more = demandText(demand)
    if (demand.access !== undefined) return `${method}: ${accessText(demand.access)}${more}`
    return `${method}:${more.replace(/^ and/, ' also') || ' nothing more'}`
  })
  return [`${accessText(access)}${demandText(route)}`, ...byMethod]
}

/** What an access level requires, as text. */
export const accessText = (access: Access): string =>
  ({
    'signed-in': 'an access token',
    public: 'nothing: the route is public',
    optional: 'nothing, or a valid access token'
  })[access]

/** The requirements in addition to a token; empty if there are none. */
export function demandText(demand: Demand): string {
  const { scopes, roles, maxLoginAgeSeconds, acrValues } = demand
  const all = scopes.length === 0 ? '' : ` with the scope ${scopes.join(' and ')}`
  const one = roles.length === 0 ? '' : ` and the role ${roles.join(' or ')}`
  const login =
    maxLoginAgeSeconds === undefined ? '' : ` and a login within the last ${maxLoginAgeSeconds} s`
  const strong =
    acrValues.length === 0 ? '' : ` and the authentication level (acr) ${acrValues.join(' or ')}`
  return `${all}${one}${login}${strong}`
}
