import type { Route } from '../entry/route.ts'

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
  return {
    routes,
    files,
    match: (path) => find(path)?.route ?? null,
    matchLoosely: (reading) => findLoosely(reading)?.route ?? null,
    findLoosely
  }
}

function longestPrefix(byPrefix: ReadonlyMap<string, FoundRoute>) {
  const longest = Math.max(0, ...[...byPrefix.keys()].map((prefix) => prefix.length))
  return (path: string): FoundRoute | null => {
    // Starts at the end of the longest prefix. Otherwise a path of 4,000 segments would cost 4,000
    // lookups.
    const from = path.length <= longest ? path.length : path.lastIndexOf('/', longest)
    for (let end = from; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const found = byPrefix.get(path.slice(0, end))
      if (found !== undefined) return found
    }
    return byPrefix.get('/') ?? null
  }
}
