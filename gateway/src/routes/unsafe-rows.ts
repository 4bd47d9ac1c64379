import { originFault } from '@gatehouse/settings/origins'
import type { DocumentFault } from '@gatehouse/settings/schema-faults'
import { unknownName } from '@gatehouse/settings/schema-faults'
import { canonicalTarget } from '../stages/canonical-path.ts'
import type { Access, Demand } from './demand-schema.ts'
import { namedClaimsOf, type RouteFile } from './route.ts'
import { upstreamFaults } from './upstream.ts'

type Row = RouteFile['routes'][number]

/** A fault of a route, and the member that has it. */
type RowFault = { readonly member: string; readonly text: string }
const at = (member: string, texts: readonly string[]): RowFault[] =>
  texts.map((text) => ({ member, text }))

/** What a schema cannot say: routes that contradict each other or themselves, or that open more than anybody means. */
export function unsafeRows(
  { upstreams, routes }: RouteFile,
  isProduction: boolean
): DocumentFault[] {
  const ofUpstreams = Object.entries(upstreams).flatMap(([name, row]) =>
    upstreamFaults(row).map((text) => ({ path: ['upstreams', name], text }))
  )
  const names = new Set<string>()
  const owners = new Map<string, Row>()
  const ofRoutes = routes.flatMap((row, index) => {
    const own: RowFault[] = []
    if (names.has(row.name)) own.push({ member: 'name', text: 'the name is used twice' })
    names.add(row.name)
    if (!Object.hasOwn(upstreams, row.upstream)) {
      const known = Object.keys(upstreams)
      own.push({
        member: 'upstream',
        text: `upstream ${row.upstream} ${unknownName(row.upstream, known)}`
      })
    }
    for (const prefix of [row.prefix].flat()) {
      const owner = owners.get(prefix.toLowerCase())
      // Many a service reads both as one path, and then one route would shadow the other.
      owners.set(prefix.toLowerCase(), row)
      if (owner !== undefined) own.push({ member: 'prefix', text: twice(prefix, owner, row) })
      own.push(...prefixFaults(prefix, row))
    }
    own.push(...at('tokenClaims', claimFaults(row)), ...accessFaults(row))
    own.push(...at('cors', corsFaults(row, isProduction)))
    return own.map(({ member, text }) => ({ path: ['routes', index, member], text }))
  })
  return [...ofUpstreams, ...ofRoutes]
}

/** With `preflights: service`, only WebSockets ask for the list of origins. */
function corsFaults({ preflights, cors }: Row, isProduction: boolean): string[] {
  const { origins = [], ...others } = cors ?? {}
  const faults = origins.flatMap((entry, index) => {
    const fault = originFault(entry, isProduction)
    return fault === null
      ? []
      : [`cors.origins must be a list of origins: entry ${index + 1} ${fault}`]
  })
  const [useless] = Object.keys(others)
  return preflights === 'service' && useless !== undefined
    ? [...faults, `cors.${useless} has no effect with preflights: service`]
    : faults
}

const twice = (prefix: string, owner: Row, row: Row): string =>
  owner === row
    ? `the prefix ${prefix} is given twice (letter case does not count)`
    : `${prefix} is already a prefix of route ${owner.name} (letter case does not count)`

function prefixFaults(prefix: string, row: Row): RowFault[] {
  const faults: RowFault[] = []
  if (canonicalTarget(prefix)?.path !== prefix) {
    faults.push({ member: 'prefix', text: `the prefix ${prefix} is not a canonical path` })
  }
  const open = accessesOf(row).find(({ access }) => access !== 'signed-in')
  if (prefix === '/' && open !== undefined) {
    faults.push({ member: 'prefix', text: `${open.who} for / would open everything` })
  }
  const { stripPrefix } = row
  if (
    stripPrefix !== undefined &&
    prefix !== stripPrefix &&
    !prefix.startsWith(`${stripPrefix}/`)
  ) {
    faults.push({
      member: 'stripPrefix',
      text: `the prefix ${prefix} does not begin with stripPrefix ${stripPrefix}`
    })
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

/** The access of each method of a route; of a route without methods, its own. */
function accessesOf({ methods, ...row }: Row): MethodAccess[] {
  const of = (access: Access) =>
    access === 'optional' ? 'a route with optional access' : `a ${access} route`
  if (methods === undefined) return [{ who: of(row.access), access: row.access, demands: [row] }]
  return Object.entries(methods).map(([method, own]) => ({
    who: own.access === undefined ? of(row.access) : `${method} with ${own.access} access`,
    access: own.access ?? row.access,
    demands: [row, own]
  }))
}

/** Nothing can be demanded of a caller who may be nobody. */
function accessFaults(row: Row): RowFault[] {
  const all = accessesOf(row)
  const open = all.filter(({ access }) => access !== 'signed-in').flatMap(openFaults)
  const faults = at('access', [...new Set(open)])
  if (all.every(({ access }) => access === 'public')) {
    if (row.tokenClaims !== undefined) {
      faults.push(...at('tokenClaims', ['a public route has no token to take claims from']))
    }
    if ([row.limit ?? []].flat().some(({ by = 'address' }) => by !== 'address')) {
      faults.push(...at('limit', ['a public route can count by address only']))
    }
  }
  if (!all.some(({ access }) => access === 'public')) {
    faults.push(...at('credentials', credentialFaults(row)))
  }
  return faults
}

function credentialFaults({ credentials }: Row): string[] {
  const faults: string[] = []
  if (credentials.includes('client-authentication')) {
    faults.push('credentials may have client-authentication only where access is public')
  }
  if (credentials.includes('authorization')) {
    faults.push('credentials may have authorization only where access is public')
  }
  return faults
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
