import { type CanonicalTarget, canonicalTarget, hasOnly, lenient } from '../paths/canonical-path.ts'
import { looseReadings } from '../paths/path-readings.ts'
import { malformed, methodNotAllowed, noRoute, pathTooLong } from '../refusals.ts'
import { demandOf, methodsOf } from '../routes/demand.ts'
import type { Access, Demand } from '../routes/demand-schema.ts'
import type { Route } from '../routes/route.ts'
import type { RouteTable } from '../routes/route-table.ts'
import type { StrippedRequest } from './strip.ts'

export type Match = {
  readonly route: Route
  readonly access: Access
  /** what the route requires of callers with this method */
  readonly demands: readonly Demand[]
  readonly target: CanonicalTarget
}

/** path and query, in characters */
const LONGEST_TARGET = 8192

/** RFC 9112 §3.2.2: the form for a proxy, which every server must accept */
const ABSOLUTE = /^https?:\/\/([^/?#]*)(?=[/?]|$)/i

/** Which route of the route table the request is for. */
export function match(
  { method, target, host }: Pick<StrippedRequest, 'method' | 'target' | 'host'>,
  table: RouteTable
): Match {
  if (target.length > LONGEST_TARGET) throw pathTooLong()
  const canonical = canonicalTarget(originForm(target, host), lenient)
  const route = canonical === null ? null : table.match(canonical.path)
  if (canonical === null || !hasOnly(canonical.path, route)) {
    throw malformed('path', 'the path is not in its canonical form')
  }
  if (route === null) throw noRoute()
  // A request that one route allows must not be one that a lenient server serves as another route's
  // (`/open/inner;x`, `/open/INNER`).
  if (looseReadings(canonical.path).some((reading) => table.matchLoosely(reading) !== route)) {
    throw malformed('path of two routes', 'the path could be read as the path of another route')
  }
  const demanded = demandOf(route, method)
  if (demanded === null) throw methodNotAllowed(methodsOf(route))
  return { route, ...demanded, target: canonical }
}

/** The path and query of a target. A target in absolute form must name the host of the request. */
function originForm(target: string, host: string): string {
  const [prefix, authority] = ABSOLUTE.exec(target) ?? []
  if (prefix === undefined) return target
  if (authority?.toLowerCase() !== host.toLowerCase())
    throw malformed('host', 'the target and Host differ')
  const rest = target.slice(prefix.length)
  return rest.startsWith('/') ? rest : `/${rest}`
}
