import { malformed, noRoute, pathTooLong } from '../refusals.ts'
import type { Route } from '../routes/route.ts'
import type { RouteTable } from '../routes/route-table.ts'
import { type CanonicalTarget, canonicalTarget } from './canonical-path.ts'

export type Match = { readonly route: Route; readonly target: CanonicalTarget }

/** path and query, in characters */
const LONGEST_TARGET = 8192

/** Which row of the route table the request is for. */
export function match(target: string, table: RouteTable): Match {
  if (target.length > LONGEST_TARGET) throw pathTooLong()
  const canonical = canonicalTarget(target)
  if (canonical === null) throw malformed('path', 'the path is not in its canonical form')
  const route = table.match(canonical.path)
  if (route === null) throw noRoute()
  return { route, target: canonical }
}
