import { allowOriginsOf } from '@gatehouse/edge-headers/web-origin'
import type { Environment } from '@gatehouse/settings/read-settings'
import { readText } from '@gatehouse/settings/read-text'
import { readContent, refuseFaults } from '../yaml/entry-faults.ts'
import { readYaml } from '../yaml/yaml-file.ts'
import { namedClaimsOf, type Route, RouteFile } from './route.ts'
import { type RouteTable, routeTable } from './route-table.ts'
import { unsafeRoutes } from './unsafe-routes.ts'
import { toUpstream } from './upstream.ts'

/**
 * Reads the route table from YAML. `${NAME}` and `${NAME:-default}` stand for environment
 * variables.
 * @throws SettingsFault with all faults: a table that is invalid or unsafe is not used at all
 */
export const loadRouteTable = (file: string, environment: Environment): RouteTable =>
  readRouteTable(readText(file), environment, file)

/** @param file its name, for messages */
export function readRouteTable(
  yaml: string,
  environment: Environment,
  file = 'routes.yaml'
): RouteTable {
  const read = readYaml(file, yaml, environment)
  const content: RouteFile = readContent(read, RouteFile)
  const isProduction = environment.NODE_ENV === 'production'
  refuseFaults(read, content, unsafeRoutes(content, isProduction))
  return routeTable(content.routes.map((route) => toRoute(route, content.upstreams)))
}

function toRoute(route: RouteFile['routes'][number], upstreams: RouteFile['upstreams']): Route {
  const { prefix, upstream, limit, methods, ...rest } = route
  return {
    ...rest,
    tokenClaims: namedClaimsOf(route),
    allowsOrigin: route.cors?.origins === undefined ? null : allowOriginsOf(route.cors.origins),
    prefixes: [prefix].flat(),
    upstream: toUpstream(upstream, upstreams[upstream] ?? ''),
    limits: [limit ?? []].flat().map((one) => ({ by: 'address', shared: false, ...one })),
    methods: methods ?? null
  }
}
