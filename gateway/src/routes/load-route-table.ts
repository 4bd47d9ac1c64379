import { readFileSync } from 'node:fs'
import { type Environment, SettingsFault } from '@gatehouse/settings/read-settings'
import { Value } from 'typebox/value'
import { parse } from 'yaml'
import { namedClaimsOf, type Route, RouteFile } from './route.ts'
import { type RouteTable, routeTable } from './route-table.ts'
import { unsafeRows } from './unsafe-rows.ts'
import { toUpstream } from './upstream.ts'

/**
 * Reads the route table from YAML. `${NAME}` and `${NAME:-default}` stand for environment variables.
 * @throws SettingsFault with all faults: a table that is not understood whole, or that is unsafe, is not used at all
 */
export function loadRouteTable(file: string, environment: Environment): RouteTable {
  try {
    return readRouteTable(readFileSync(file, 'utf8'), environment)
  } catch (error) {
    if (error instanceof SettingsFault) throw error
    // No file, or no YAML: the message says which, and where.
    throw new SettingsFault([`GATEWAY_ROUTES ${file}: ${(error as Error).message}`])
  }
}

export function readRouteTable(yaml: string, environment: Environment): RouteTable {
  const document = Value.Default(RouteFile, parse(expand(yaml, environment)))
  const faults = [...Value.Errors(RouteFile, document)].map(
    ({ instancePath, message }) => `${instancePath || 'the route table'} ${message}`
  )
  if (faults.length > 0) throw new SettingsFault(faults)
  const content = document as RouteFile
  const unsafe = unsafeRows(content)
  if (unsafe.length > 0) throw new SettingsFault(unsafe)
  return routeTable(content.routes.map((row) => toRoute(row, content.upstreams)))
}

function expand(yaml: string, environment: Environment): string {
  return yaml.replace(
    /\$\{([A-Z_][A-Z0-9_]*)(?::-([^{}]*))?\}/g,
    (_, name: string, fallback: string | undefined) => environment[name] || fallback || ''
  )
}

function toRoute(row: RouteFile['routes'][number], upstreams: RouteFile['upstreams']): Route {
  const { prefix, upstream, limit, methods, ...rest } = row
  return {
    ...rest,
    tokenClaims: namedClaimsOf(row),
    prefixes: [prefix].flat(),
    upstream: toUpstream(upstream, upstreams[upstream] ?? ''),
    limits: [limit ?? []].flat().map((one) => ({ by: 'address', shared: false, ...one })),
    methods: methods ?? null
  }
}
