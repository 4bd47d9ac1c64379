import { demandOf } from './demand.ts'
import type { Access, Demand } from './entry/demand-schema.ts'
import type { Route } from './entry/route.ts'

const STRICTNESS: Readonly<Record<Access, number>> = { public: 0, optional: 1, 'signed-in': 2 }

/**
 * Whether one route requires more of a request with this method than another one does. Limits are
 * counted for each route, so a second route would allow twice as many requests. Pure.
 */
export function requiresMore(one: Route, than: Route, method: string): boolean {
  if (one.limits.length > 0) return true
  const [more, less] = [demandOf(one, method), demandOf(than, method)]
  // The other route refuses the request anyway.
  if (less === null) return false
  return (
    more === null ||
    STRICTNESS[more.access] > STRICTNESS[less.access] ||
    more.demands.some((demand) => !isImplied(demand, less.demands))
  )
}

/** Whether whoever meets these requirements also meets another one. */
const isImplied = (demand: Demand, by: readonly Demand[]): boolean =>
  demand.scopes.every((scope) => by.some(({ scopes }) => scopes.includes(scope))) &&
  isNarrowed(
    demand.roles,
    by.map(({ roles }) => roles)
  ) &&
  isNarrowed(
    demand.acrValues,
    by.map(({ acrValues }) => acrValues)
  ) &&
  by.some((one) => longestAge(one) <= longestAge(demand))

const longestAge = ({ maxLoginAgeSeconds = Number.POSITIVE_INFINITY }: Demand): number =>
  maxLoginAgeSeconds

/** Whether a list allows only values that are also in this one. An empty list allows all values. */
const isNarrowed = (allowed: readonly string[], by: readonly (readonly string[])[]): boolean =>
  allowed.length === 0 ||
  by.some((list) => list.length > 0 && list.every((value) => allowed.includes(value)))
