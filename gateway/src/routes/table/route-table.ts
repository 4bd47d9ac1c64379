import type { Route } from '../entry/route.ts'
import { longestPrefix } from './longest-prefix.ts'
import { type ServiceRoutes, serviceRoutes } from './service-routes.ts'

/**
 * Finds the route of a canonical path: the longest prefix wins, and a prefix ends where a segment
 * ends.
 */
export type RouteTable = {
  readonly routes: readonly Route[]
  /** the files that it names, such as certificates for services */
  readonly files: readonly string[]
  match(path: string): Route | null
  /** the same for a path as the most lenient server might read it: in lower case */
  matchLoosely(reading: string): Route | null
  /** the same, and the prefix in lower case */
  findLoosely(reading: string): FoundRoute | null
  /** the routes to the service of each route */
  readonly atServices: ReadonlyMap<Route, ServiceRoutes>
}

export type FoundRoute = { readonly prefix: string; readonly route: Route }

export function routeTable(routes: readonly Route[], files: readonly string[] = []): RouteTable {
  const entries = routes.flatMap((route) =>
    route.prefixes.map((prefix) => [prefix, route] as const)
  )
  const find = longestPrefix(new Map(entries.map(([prefix, route]) => [prefix, { prefix, route }])))
  const findLoosely = longestPrefix(
    new Map(
      entries.map(([written, route]) => {
        const prefix = written.toLowerCase()
        return [prefix, { prefix, route }]
      })
    )
  )
  const matchLoosely = (reading: string): Route | null => findLoosely(reading)?.route ?? null
  return {
    routes,
    files,
    match: (path) => find(path)?.route ?? null,
    matchLoosely,
    findLoosely,
    atServices: serviceRoutes(routes, matchLoosely)
  }
}
