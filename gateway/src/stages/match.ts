import type { Refusal } from '@gatehouse/problem/refusal'
import { type CanonicalTarget, hasOnly } from '../paths/canonical-path.ts'
import { isSameHost } from '../paths/host.ts'
import { looseReadings } from '../paths/path-readings.ts'
import { malformed, methodNotAllowed, noRoute, pathTooLong } from '../refusals.ts'
import type { StrippedRequest } from '../request/stripped-request.ts'
import { demandOf, methodsOf } from '../routes/demand.ts'
import type { Access, Demand } from '../routes/entry/demand-schema.ts'
import type { Route } from '../routes/entry/route.ts'
import { stricterRoute } from '../routes/stricter-route.ts'
import type { LocatedTarget } from '../routes/table/located-target.ts'

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
  if (authority !== null && !isSameHost(authority, host)) {
    throw malformed('the target and Host differ')
  }
  if (canonical === null || !hasOnly(canonical.path, route)) {
    throw malformed('the path is not in its canonical form')
  }
  if (route === null) throw noRoute()
  // Refuses a path that a lenient server could serve as a path of another route (`/open/inner;x`,
  // `/open/INNER`).
  for (const reading of looseReadings(canonical.path)) {
    const other = table.matchLoosely(reading)
    if (other !== route) throw ambiguous(other)
    const stricter = stricterRoute(reading, route, method, table)
    if (stricter !== null) throw ambiguous(stricter, ', which requires more')
  }
  const demanded = demandOf(route, method)
  if (demanded === null) throw methodNotAllowed(methodsOf(route))
  return { route, ...demanded, target: canonical }
}

const ambiguous = (other: Route | null, why = ''): Refusal =>
  malformed(
    'the path could be read as the path of another route',
    `the path could be read as a path of ${other === null ? 'no route' : `the route ${other.name}`}${why}`
  )
