import type { Route } from './route.ts'

/** Finds the row of a canonical path: the longest prefix wins, and a prefix ends where a segment ends. */
export type RouteTable = {
  readonly routes: readonly Route[]
  match(path: string): Route | null
}

export function routeTable(routes: readonly Route[]): RouteTable {
  const byPrefix = new Map(
    routes.flatMap((route) => route.prefixes.map((prefix) => [prefix, route]))
  )
  const longest = Math.max(0, ...[...byPrefix.keys()].map((prefix) => prefix.length))
  return {
    routes,
    match(path) {
      // From where the longest prefix could end: a path of 4,000 segments would else be cut and looked up 4,000 times.
      const from = path.length <= longest ? path.length : path.lastIndexOf('/', longest)
      for (let end = from; end > 0; end = path.lastIndexOf('/', end - 1)) {
        const route = byPrefix.get(path.slice(0, end))
        if (route !== undefined) return route
      }
      return byPrefix.get('/') ?? null
    }
  }
}
