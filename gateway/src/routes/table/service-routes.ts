import type { Route } from '../entry/route.ts'
import { servicePath, strippedPrefix } from '../service-path.ts'
import { longestPrefix } from './longest-prefix.ts'

type FoundRoutes = { readonly prefix: string; readonly routes: readonly Route[] }

/** The routes to one service, by the paths that the service gets, in lower case. */
export type ServiceRoutes = {
  /** the length of the longest prefix */
  readonly longest: number
  /** The routes with the longest prefix of a path: several if they strip different prefixes. */
  find(path: string): FoundRoutes | null
  /**
   * the routes whose clients can write a path that belongs to another route at the service: below
   * a stripped `/app`, `/app/admin` is `/admin`
   */
  readonly overlapping: ReadonlySet<Route>
}

/** The routes to the service of each route. Routes that share an address lead to one service. */
export function serviceRoutes(
  routes: readonly Route[],
  matchLoosely: (path: string) => Route | null
): ReadonlyMap<Route, ServiceRoutes> {
  const found = new Map<Route, ServiceRoutes>()
  for (const group of byService(routes)) {
    const service = routesOf(group, matchLoosely)
    for (const route of group) found.set(route, service)
  }
  return found
}

/** What a service gets for a loose reading of a client's path, in lower case. Pure. */
export const looseServicePath = (route: Route, reading: string): string =>
  withoutLastSlash(servicePath(route, reading).toLowerCase())

/** A path, which is `/` if nothing else is left. */
export const withoutLastSlash = (path: string): string =>
  path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path

function byService(routes: readonly Route[]): ReadonlySet<readonly Route[]> {
  const groups = new Map<string, readonly Route[]>()
  for (const route of routes) {
    const { addresses } = route.upstream
    const joined = new Set(addresses.flatMap((address) => groups.get(address) ?? []))
    const group = [...joined, route]
    for (const { upstream } of group) {
      for (const address of upstream.addresses) groups.set(address, group)
    }
  }
  return new Set(groups.values())
}

type Prefix = { readonly route: Route; readonly client: string; readonly service: string }

function routesOf(
  group: readonly Route[],
  matchLoosely: (path: string) => Route | null
): ServiceRoutes {
  const prefixes: Prefix[] = group.flatMap((route) =>
    route.prefixes.map((prefix) => ({
      route,
      client: prefix.toLowerCase(),
      service: looseServicePath(route, prefix)
    }))
  )
  const byPrefix = new Map<string, FoundRoutes>()
  for (const { route, service } of prefixes) {
    const { routes = [] } = byPrefix.get(service) ?? {}
    byPrefix.set(service, { prefix: service, routes: [...routes, route] })
  }
  return {
    longest: Math.max(...prefixes.map(({ service }) => service.length)),
    find: longestPrefix(byPrefix),
    overlapping: overlappingOf(prefixes, matchLoosely)
  }
}

/** Two paths can be one at the service only if not all routes write it in the same way. */
function overlappingOf(
  prefixes: readonly Prefix[],
  matchLoosely: (path: string) => Route | null
): ReadonlySet<Route> {
  const ways = new Set(
    prefixes.map(({ route }) => `${strippedPrefix(route)} ${route.upstream.basePath}`)
  )
  const overlapping = new Set<Route>()
  if (ways.size === 1) return overlapping
  const below = byParent(prefixes)
  for (const { route, client, service } of prefixes) {
    const isEntered = (below.get(service) ?? []).some(
      (other) =>
        other.route !== route &&
        matchLoosely(joined(client, restOf(other.service, service))) === route
    )
    if (isEntered) overlapping.add(route)
  }
  return overlapping
}

/** The prefixes below each path. @gatehouse/routes also runs on Node.js 20, without `groupBy`. */
function byParent(prefixes: readonly Prefix[]): ReadonlyMap<string, readonly Prefix[]> {
  const below = new Map<string, Prefix[]>()
  for (const prefix of prefixes) {
    for (const parent of parentsOf(prefix.service)) {
      const known = below.get(parent)
      if (known === undefined) below.set(parent, [prefix])
      else known.push(prefix)
    }
  }
  return below
}

/** `/` and `/a` of `/a/b`: the paths of which it is a part. */
function parentsOf(path: string): readonly string[] {
  const parents = path === '/' ? [] : ['/']
  for (let end = path.indexOf('/', 1); end >= 0; end = path.indexOf('/', end + 1)) {
    parents.push(path.slice(0, end))
  }
  return parents
}

const restOf = (path: string, prefix: string): string =>
  prefix === '/' ? path : path.slice(prefix.length)

const joined = (prefix: string, rest: string): string => (prefix === '/' ? rest : prefix + rest)
