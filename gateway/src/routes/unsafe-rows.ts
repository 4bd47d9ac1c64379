import { canonicalTarget } from '../stages/canonical-path.ts'
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
    own.push(...(row.access === 'public' ? publicFaults(row) : signedInFaults(row)))
    faults.push(...own.map((fault) => `route ${row.name}: ${fault}`))
  }
  return faults
}

function prefixFaults(prefix: string, { stripPrefix, access }: Row): string[] {
  const faults: string[] = []
  if (canonicalTarget(prefix)?.path !== prefix) {
    faults.push(`the prefix ${prefix} is not a canonical path`)
  }
  if (prefix === '/' && access === 'public') faults.push('a public row for / would open everything')
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

/** Nobody is known on a public row. */
function publicFaults({ methods, limit, ...row }: Row): string[] {
  const faults: string[] = []
  if (row.tokenClaims !== undefined) faults.push('a public row has no token to take claims from')
  const demands = [row, ...Object.values(methods ?? {})]
  if (demands.some(({ scopes, roles }) => scopes.length + roles.length > 0)) {
    faults.push('a public row cannot demand scopes or roles')
  }
  if (demands.some(({ maxLoginAgeSeconds }) => maxLoginAgeSeconds !== undefined)) {
    faults.push('a public row cannot demand a login')
  }
  if ([limit ?? []].flat().some(({ by = 'address' }) => by !== 'address')) {
    faults.push('a public row can count by address only')
  }
  return faults
}

function signedInFaults({ credentials }: Row): string[] {
  return credentials.includes('client-authentication')
    ? ['a client cannot authenticate where a bearer token is demanded']
    : []
}
