import type { RouteFile } from './entry/route.ts'

type Entry = RouteFile['routes'][number]

/** The name of the route's service in assertions. */
export const audienceOf = ({ audience, name }: Entry): string => audience ?? name

/**
 * Why the audience of a route is not safe. A service could use the assertions that it gets at
 * another service with the same name, so the name of a route is shared only with routes to the same
 * upstream. Routes that all set `audience` may lead to several upstreams: the operator says so.
 */
export function audienceFaults(route: Entry, routes: readonly Entry[]): string[] {
  const audience = audienceOf(route)
  if (route.audience === undefined) return []
  const other = routes.find(
    (one) => one.audience === undefined && one.name === audience && one.upstream !== route.upstream
  )
  return other === undefined
    ? []
    : [
        `audience ${audience} is the name of a route to another upstream, ${other.upstream}: if both lead to one service, set audience in both`
      ]
}
