import { allowOriginsOf } from '@gatehouse/edge-headers/web-origin'
import type { Environment } from '@gatehouse/settings/read-settings'
import { readText } from '@gatehouse/settings/read-text'
import { readContent, refuseFaults } from '../yaml/entry-faults.ts'
import { readYaml } from '../yaml/yaml-file.ts'
import { namedClaimsOf, type Route, RouteFile } from './route.ts'
import { type RouteTable, routeTable } from './route-table.ts'
import { unsafeRows } from './unsafe-rows.ts'
import { toUpstream } from './upstream.ts'

/**
 * Reads the route table from YAML. `${NAME}` and `${NAME:-default}` stand for environment variables.
 * @throws SettingsFault with all faults: a table that is not understood whole, or that is unsafe, is not used at all
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
  refuseFaults(read, content, unsafeRows(content, isProduction))
  return routeTable(content.routes.map((row) => toRoute(row, content.upstreams)))
}

function toRoute(row: RouteFile['routes'][number], upstreams: RouteFile['upstreams']): Route {
  const { prefix, upstream, limit, methods, ...rest } = row
  return {
    ...rest,
    tokenClaims: namedClaimsOf(row),
    allowsOrigin: row.cors?.origins === undefined ? null : allowOriginsOf(row.cors.origins),
    prefixes: [prefix].flat(),
    upstream: toUpstream(upstream, upstreams[upstream] ?? ''),
    limits: [limit ?? []].flat().map((one) => ({ by: 'address', shared: false, ...one })),
    methods: methods ?? null
  }
}
