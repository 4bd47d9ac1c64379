import { malformed, methodNotAllowed, noRoute, pathTooLong } from '../refusals.ts'
import { demandOf, methodsOf } from '../routes/demand.ts'
import type { Demand, Route } from '../routes/route.ts'
import type { RouteTable } from '../routes/route-table.ts'
import { type CanonicalTarget, canonicalTarget, looseReadings } from './canonical-path.ts'
import type { StrippedRequest } from './strip.ts'

export type Match = {
  readonly route: Route
  /** what the row demands of whoever uses this method */
  readonly demands: readonly Demand[]
  readonly target: CanonicalTarget
}

/** path and query, in characters */
const LONGEST_TARGET = 8192

/** RFC 9112 §3.2.2: as it is sent to a proxy, and to be understood by every server */
const ABSOLUTE = /^https?:\/\/([^/?#]*)(?=[/?]|$)/i

/** Which row of the route table the request is for. */
export function match(
  { method, target, host }: Pick<StrippedRequest, 'method' | 'target' | 'host'>,
  table: RouteTable
): Match {
  if (target.length > LONGEST_TARGET) throw pathTooLong()
  const canonical = canonicalTarget(originForm(target, host))
  if (canonical === null) throw malformed('path', 'the path is not in its canonical form')
  const route = table.match(canonical.path)
  if (route === null) throw noRoute()
  // What one row lets in must not be what a lenient server serves as another row's (`/open/inner;x`, `/open/INNER`).
  if (looseReadings(canonical.path).some((reading) => table.matchLoosely(reading) !== route)) {
    throw malformed('path of two rows', 'the path could be read as another one')
  }
  const demands = demandOf(route, method)
  if (demands === null) throw methodNotAllowed(methodsOf(route))
  return { route, demands, target: canonical }
}

/** The path and query of a target, also of one in absolute form; that must be for the host that the request names. */
function originForm(target: string, host: string): string {
  const [prefix, authority] = ABSOLUTE.exec(target) ?? []
  if (prefix === undefined) return target
  if (authority?.toLowerCase() !== host.toLowerCase())
    throw malformed('host', 'the target and Host differ')
  const rest = target.slice(prefix.length)
  return rest.startsWith('/') ? rest : `/${rest}`
}
