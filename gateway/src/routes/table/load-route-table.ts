import { allowOriginsOf } from '@gatehouse/edge-headers/web-origin'
import { type Environment, SettingsFault } from '@gatehouse/settings/read-settings'
import { readText } from '@gatehouse/settings/read-text'
import type { DocumentFault } from '@gatehouse/settings/schema-faults'
import { type ClientTls, filesOfClient } from '@gatehouse/tls/client-tls'
import { TlsFileFault } from '@gatehouse/tls/tls-file-fault'
import { readContent, refuseFaults } from '../../yaml/entry-faults.ts'
import { readYaml } from '../../yaml/yaml-file.ts'
import { audienceOf } from '../audience.ts'
import { routeCors } from '../entry/cors-policy.ts'
import { type Route, RouteFile } from '../entry/route.ts'
import { namedClaimsOf } from '../entry/token-claims.ts'
import { takesOurCredentials } from '../takes-our-credentials.ts'
import { toUpstream, type Upstream } from '../upstream/upstream.ts'
import { readUpstreamTls } from '../upstream/upstream-tls.ts'
import { type RouteTable, routeTable } from './route-table.ts'
import { unsafeRoutes } from './unsafe-routes.ts'

/**
 * Reads the route table from YAML. `${NAME}` and `${NAME:-default}` stand for environment
 * variables.
 * @throws SettingsFault with all faults: a table that is invalid or unsafe is not used at all
 */
export const loadRouteTable = (file: string, environment: Environment): RouteTable =>
  readRouteTable(readText(file), environment, file)

/**
 * @param file its name, for messages
 * @param certificates false: does not read the certificates that the table names, for a check on a
 * machine that does not have them
 */
export function readRouteTable(
  yaml: string,
  environment: Environment,
  file = 'routes.yaml',
  { certificates = true } = {}
): RouteTable {
  const read = readYaml(file, yaml, environment)
  const content: RouteFile = readContent(read, RouteFile)
  const isProduction = environment.NODE_ENV === 'production'
  const tls = readTls(certificates ? content.upstreams : {})
  refuseFaults(read, content, [...unsafeRoutes(content, isProduction), ...tls.faults])
  const upstreams = new Map(
    Object.entries(content.upstreams).map(([name, entry]) => [
      name,
      toUpstream(name, entry, tls.byUpstream.get(name) ?? null)
    ])
  )
  const files = [...tls.byUpstream.values()].flatMap((one) => one.files)
  const takers = new Set(content.routes.filter(takesOurCredentials).map(({ upstream }) => upstream))
  return routeTable(
    content.routes.map((route) => toRoute(route, upstreams, takers)),
    files
  )
}

/** The files that a table names, even if it is refused because of one of them. */
export function filesNamedIn(yaml: string, environment: Environment): readonly string[] {
  try {
    const read = readYaml('routes.yaml', yaml, environment)
    const { upstreams } = readContent<RouteFile>(read, RouteFile)
    return Object.values(upstreams).flatMap((entry) =>
      typeof entry === 'string' || entry.tls === undefined ? [] : filesOfClient(entry.tls)
    )
  } catch (error) {
    if (error instanceof SettingsFault) return []
    throw error
  }
}

/** The certificates that the services' entries name, and what is wrong with their files. */
function readTls(upstreams: RouteFile['upstreams']) {
  const byUpstream = new Map<string, ClientTls>()
  const faults: DocumentFault[] = []
  for (const [name, entry] of Object.entries(upstreams)) {
    if (typeof entry === 'string' || entry.tls === undefined) continue
    try {
      byUpstream.set(name, readUpstreamTls(entry.tls))
    } catch (error) {
      if (!(error instanceof TlsFileFault)) throw error
      faults.push({ path: ['upstreams', name, 'tls'], text: error.message })
    }
  }
  return { byUpstream, faults }
}

function toRoute(
  route: RouteFile['routes'][number],
  upstreams: ReadonlyMap<string, Upstream>,
  takers: ReadonlySet<string>
): Route {
  const { prefix, upstream: name, limit, methods, cors = {}, forward: _, ...rest } = route
  const upstream = upstreams.get(name)
  if (upstream === undefined) throw new Error('a route without a service was not refused')
  return {
    ...rest,
    audience: audienceOf(route),
    tokenClaims: namedClaimsOf(route),
    cors: routeCors(cors),
    allowedOrigins: cors.origins ?? null,
    allowsOrigin: cors.origins === undefined ? null : allowOriginsOf(cors.origins),
    prefixes: [prefix].flat(),
    upstream,
    serviceTakesCredentials: takers.has(name),
    limits: [limit ?? []].flat().map((one) => ({ by: 'address', shared: false, ...one })),
    methods: methods ?? null
  }
}
