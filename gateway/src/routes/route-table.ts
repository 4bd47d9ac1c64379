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
  return {
    routes,
    match(path) {
      for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
        const route = byPrefix.get(path.slice(0, end))
        if (route !== undefined) return route
      }
      return byPrefix.get('/') ?? null
    }
  }
}
