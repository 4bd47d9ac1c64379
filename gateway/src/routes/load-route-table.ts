import { readFileSync } from 'node:fs'
import { type Environment, SettingsFault } from '@gatehouse/settings/read-settings'
import { Value } from 'typebox/value'
import { parse } from 'yaml'
import { canonicalTarget } from '../stages/canonical-path.ts'
import { type Route, RouteFile } from './route.ts'
import { type RouteTable, routeTable } from './route-table.ts'

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
    /\$\{([A-Z_][A-Z0-9_]*)(?::-([^}]*))?\}/g,
    (_, name: string, fallback: string | undefined) => environment[name] || fallback || ''
  )
}

function toRoute(row: RouteFile['routes'][number], upstreams: RouteFile['upstreams']): Route {
  const { prefix, upstream, ...rest } = row
  return { ...rest, prefixes: [prefix].flat(), upstream: new URL(upstreams[upstream] ?? '').origin }
}

/** What a schema cannot say. */
function unsafeRows({ upstreams, routes }: RouteFile): string[] {
  const faults: string[] = []
  const names = new Set<string>()
  const owners = new Map<string, string>()
  for (const [name, address] of Object.entries(upstreams)) {
    if (!URL.canParse(address)) faults.push(`upstream ${name}: not an address`)
  }
  for (const { name, prefix, upstream, stripPrefix, access, ...row } of routes) {
    if (names.has(name)) faults.push(`route ${name}: the name is used twice`)
    names.add(name)
    if (!Object.hasOwn(upstreams, upstream)) faults.push(`route ${name}: no upstream ${upstream}`)
    for (const one of [prefix].flat()) {
      const owner = owners.get(one)
      if (owner !== undefined) faults.push(`route ${name}: ${one} is already a prefix of ${owner}`)
      owners.set(one, name)
      if (canonicalTarget(one)?.path !== one) {
        faults.push(`route ${name}: the prefix ${one} is not a canonical path`)
      }
      if (one === '/' && access === 'public') {
        faults.push(`route ${name}: a public row for / would open everything`)
      }
      if (stripPrefix !== undefined && one !== stripPrefix && !one.startsWith(`${stripPrefix}/`)) {
        faults.push(`route ${name}: ${one} does not begin with stripPrefix ${stripPrefix}`)
      }
    }
    if (access === 'public' && row.scopes.length + row.roles.length > 0) {
      faults.push(`route ${name}: a public row cannot demand scopes or roles`)
    }
    if (access !== 'public' && row.credentials.includes('client-authentication')) {
      faults.push(`route ${name}: a client cannot authenticate where a bearer token is demanded`)
    }
  }
  return faults
}
