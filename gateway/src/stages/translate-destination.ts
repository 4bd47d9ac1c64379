import { isSameHost } from '../paths/host.ts'
import { malformed } from '../refusals.ts'
import type { Hop } from '../request/hop.ts'
import type { StrippedRequest } from '../request/stripped-request.ts'
import { servicePath } from '../routes/service-path.ts'
import { locateTarget } from '../routes/table/located-target.ts'
import type { RouteTable } from '../routes/table/route-table.ts'
import { type Match, match } from './match.ts'

/** RFC 4918 §9.8, §9.9 */
const HAVE_DESTINATION = new Set(['COPY', 'MOVE'])

/** RFC 3986 §3: scheme and authority, before the path */
const ABSOLUTE = /^([a-z]+):\/\/([^/?#]*)(?=[/?#]|$)/i

/**
 * Writes the second path of a WebDAV request as the service reads it (RFC 4918 §10.3). It is
 * authorised like the first one. Otherwise, a service behind several routes would copy what one
 * route allows over what another one protects. Its host must be the host of the request, as a
 * trusted proxy reports it. The service gets only the path, because it knows neither that host nor
 * the stripped prefix.
 * @returns the same request if it has no second path
 * @throws Refusal INVALID_REQUEST if it is not a path of the same route
 */
export function translateDestination(
  request: StrippedRequest,
  { route }: Match,
  { host }: Pick<Hop, 'host'>,
  table: RouteTable
): StrippedRequest {
  const { method, headers } = request
  const { destination } = headers
  if (!HAVE_DESTINATION.has(method) || destination === undefined) return request
  const [start = '', scheme = 'http', authority = host] = ABSOLUTE.exec(destination) ?? []
  const isHere = /^https?$/i.test(scheme) && isSameHost(authority, host)
  const target = destination.slice(start.length)
  if (!isHere || !target.startsWith('/')) throw elsewhere()
  const second = match({ method, host }, locateTarget(table, target))
  if (second.route !== route) throw elsewhere()
  const path = `${servicePath(route, second.target.path)}${second.target.query}`
  return { ...request, headers: { ...headers, destination: path } }
}

const elsewhere = () => malformed('Destination must be a path of the same host and the same route')
