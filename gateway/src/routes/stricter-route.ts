import { dataOfPage, frameworkReadings } from '../paths/framework-readings.ts'
import { isWithin } from '../paths/is-within.ts'
import type { Route } from './entry/route.ts'
import { requiresMore } from './requires-more.ts'
import type { RouteTable } from './table/route-table.ts'
import { looseServicePath, withoutLastSlash } from './table/service-routes.ts'

/**
 * The route of the same service that requires more of a request with this method, if the service
 * could serve the path as one of that route: because the two routes strip different prefixes, or
 * because of what frameworks ignore in a path (`/open/inner.json`, `/index.php/open/inner`). A
 * route with exactly this path was written for it.
 * @param reading a loose reading of the client's path, which belongs to the route
 */
export function stricterRoute(
  reading: string,
  route: Route,
  method: string,
  table: Pick<RouteTable, 'atServices' | 'findLoosely'>
): Route | null {
  const service = table.atServices.get(route)
  const isOverlapping = service?.overlapping.has(route) === true
  if (service === undefined || (!isOverlapping && !reading.includes('.'))) return null
  const client = withoutLastSlash(reading)
  if (table.findLoosely(client)?.prefix === client) return null
  const stricterAt = (path: string, isNarrower = false): Route | null => {
    const found = service.find(path)
    if (found === null || found.routes.includes(route)) return null
    // A route for a part of another one was written for that part.
    if (isNarrower && isWithin(own, found.prefix)) return null
    return found.routes.find((other) => requiresMore(other, route, method)) ?? null
  }
  const own = looseServicePath(route, reading)
  const page = dataOfPage(own)
  const pages = page === null ? [] : [page, ...frameworkReadings(page, service.longest)]
  for (const path of isOverlapping ? [own, ...pages] : pages) {
    const stricter = stricterAt(path)
    if (stricter !== null) return stricter
  }
  for (const path of frameworkReadings(own, service.longest)) {
    const stricter = stricterAt(path, true)
    if (stricter !== null) return stricter
  }
  return null
}
