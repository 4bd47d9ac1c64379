import { canonicalTarget } from '../stages/canonical-path.ts'
import type { Access, Demand } from './demand-schema.ts'
import { namedClaimsOf, type RouteFile } from './route.ts'
import { upstreamFaults } from './upstream.ts'

type Row = RouteFile['routes'][number]

/** What a schema cannot say: rows that contradict each other or themselves, or that open more than anybody means. */
export function unsafeRows({ upstreams, routes }: RouteFile): string[] {
  const faults = Object.entries(upstreams).flatMap(([name, row]) => upstreamFaults(name, row))
  const names = new Set<string>()
  const owners = new Map<string, string>()
  for (const row of routes) {
    const own: string[] = []
    if (names.has(row.name)) own.push('the name is used twice')
    names.add(row.name)
    if (!Object.hasOwn(upstreams, row.upstream)) own.push(`no upstream ${row.upstream}`)
    for (const prefix of [row.prefix].flat()) {
      const owner = owners.get(prefix.toLowerCase())
      if (owner !== undefined) own.push(`${prefix} is already a prefix of ${owner}`)
      // Many a service reads both as one path, and then one row would shadow the other.
      owners.set(prefix.toLowerCase(), row.name)
      own.push(...prefixFaults(prefix, row))
    }
    own.push(...claimFaults(row))
    own.push(...accessFaults(row))
    if (row.preflights === 'service' && row.cors !== undefined) {
      own.push('cors says nothing where preflights are for the service')
    }
    faults.push(...own.map((fault) => `route ${row.name}: ${fault}`))
  }
  return faults
}

function prefixFaults(prefix: string, row: Row): string[] {
  const faults: string[] = []
  if (canonicalTarget(prefix)?.path !== prefix) {
    faults.push(`the prefix ${prefix} is not a canonical path`)
  }
  const open = accessesOf(row).find(({ access }) => access !== 'signed-in')
  if (prefix === '/' && open !== undefined) {
    faults.push(`${open.who} for / would open everything`)
  }
  const { stripPrefix } = row
  if (
    stripPrefix !== undefined &&
    prefix !== stripPrefix &&
    !prefix.startsWith(`${stripPrefix}/`)
  ) {
    faults.push(`${prefix} does not begin with stripPrefix ${stripPrefix}`)
  }
  return faults
}

/** Two claims under one name would be a guess. */
function claimFaults(row: Row): string[] {
  const names = namedClaimsOf(row).map(({ name }) => name)
  const twice = names.filter((name, at) => names.indexOf(name) < at)
  return twice.map((name) => `two claims are named x-auth-claim-${name}`)
}

type MethodAccess = {
  /** for messages */
  readonly who: string
  readonly access: Access
  readonly demands: readonly Demand[]
}

/** The access of each method of a row; of a row without methods, its own. */
function accessesOf({ methods, ...row }: Row): MethodAccess[] {
  const of = (access: Access) =>
    access === 'optional' ? 'a row with optional access' : `a ${access} row`
  if (methods === undefined) return [{ who: of(row.access), access: row.access, demands: [row] }]
  return Object.entries(methods).map(([method, own]) => ({
    who: own.access === undefined ? of(row.access) : `${method} with ${own.access} access`,
    access: own.access ?? row.access,
    demands: [row, own]
  }))
}

/** Nothing can be demanded of a caller who may be nobody. */
function accessFaults(row: Row): string[] {
  const all = accessesOf(row)
  const faults = all.filter(({ access }) => access !== 'signed-in').flatMap(openFaults)
  if (all.every(({ access }) => access === 'public')) {
    if (row.tokenClaims !== undefined) faults.push('a public row has no token to take claims from')
    if ([row.limit ?? []].flat().some(({ by = 'address' }) => by !== 'address')) {
      faults.push('a public row can count by address only')
    }
  }
  if (!all.some(({ access }) => access === 'public')) {
    if (row.credentials.includes('client-authentication')) {
      faults.push('a client cannot authenticate where a bearer token is demanded')
    }
    if (row.credentials.includes('authorization')) {
      faults.push('Authorization is passed on only where access is public')
    }
  }
  return [...new Set(faults)]
}

function openFaults({ who, demands }: MethodAccess): string[] {
  const faults: string[] = []
  if (demands.some(({ scopes, roles }) => scopes.length + roles.length > 0)) {
    faults.push(`${who} cannot demand scopes or roles`)
  }
  if (demands.some(({ maxLoginAgeSeconds }) => maxLoginAgeSeconds !== undefined)) {
    faults.push(`${who} cannot demand a login`)
  }
  return faults
}
