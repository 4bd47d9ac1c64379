import { type CanonicalTarget, hasOnly } from '../paths/canonical-path.ts'
import { frameworkReadings, looseReadings } from '../paths/path-readings.ts'
import { malformed, methodNotAllowed, noRoute, pathTooLong } from '../refusals.ts'
import type { StrippedRequest } from '../request/stripped-request.ts'
import { demandOf, methodsOf } from '../routes/demand.ts'
import type { Access, Demand } from '../routes/entry/demand-schema.ts'
import type { Route } from '../routes/entry/route.ts'
import type { LocatedTarget } from '../routes/table/located-target.ts'
import type { RouteTable } from '../routes/table/route-table.ts'

export type Match = {
  readonly route: Route
  readonly access: Access
  /** what the route requires of callers with this method */
  readonly demands: readonly Demand[]
  readonly target: CanonicalTarget
}

/** path and query, in characters */
const LONGEST_TARGET = 8192

/** The route of a request, if its target is canonical and means the path of no other route. */
export function match(
  { method, host }: Pick<StrippedRequest, 'method' | 'host'>,
  { table, length, authority, canonical, route }: LocatedTarget
): Match {
  if (length > LONGEST_TARGET) throw pathTooLong()
  // A target in absolute form must name the host of the request.
  if (authority !== null && authority.toLowerCase() !== host.toLowerCase())
    throw malformed('the target and Host differ')
  if (canonical === null || !hasOnly(canonical.path, route)) {
    throw malformed('the path is not in its canonical form')
  }
  if (route === null) throw noRoute()
  // Refuses a path that a lenient server could serve as a path of another route (`/open/inner;x`,
  // `/open/INNER`).
  const readings = looseReadings(canonical.path)
  const isOther = (reading: string): boolean => table.matchLoosely(reading) !== route
  if (
    readings.some(isOther) ||
    readings.some((reading) => isServedAsOther(reading, route, table))
  ) {
    throw malformed('the path could be read as the path of another route')
  }
  const demanded = demandOf(route, method)
  if (demanded === null) throw methodNotAllowed(methodsOf(route))
  return { route, ...demanded, target: canonical }
}

/**
 * Whether the service could serve a path as one of another of its routes, because its framework
 * ignores the extension or a script (`/open/inner.json`, `/index.php/open/inner`). A route with
 * exactly this path was written for it, and one that leads to another service, or requires nothing,
 * protects nothing here: files such as `/login.js` are common.
 */
function isServedAsOther(reading: string, route: Route, table: RouteTable): boolean {
  const [itself, ...others] = frameworkReadings(reading)
  if (itself === undefined || table.findLoosely(itself)?.prefix === itself) return false
  return others.some((one) => {
    const other = table.findLoosely(one)
    return (
      other !== null &&
      !isWithin(reading, other.prefix) &&
      shareService(route, other.route) &&
      requiresAnything(other.route)
    )
  })
}

const isWithin = (path: string, prefix: string): boolean =>
  prefix === '/' || path === prefix || path.startsWith(`${prefix}/`)

const shareService = (one: Route, other: Route): boolean =>
  one !== other && one.upstream.addresses.some((at) => other.upstream.addresses.includes(at))

const requiresAnything = ({ access, methods, limits }: Route): boolean =>
  access !== 'public' || methods !== null || limits.length > 0
