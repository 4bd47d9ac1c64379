import { originFault } from '@gatehouse/settings/origins'
import type { DocumentFault } from '@gatehouse/settings/schema-faults'
import { unknownName } from '@gatehouse/settings/schema-faults'
import { canonicalTarget } from '../../paths/canonical-path.ts'
import { claimNameFaults } from '../../tokens/claims/forwarded-claims.ts'
import { audienceFaults } from '../audience.ts'
import { spellingFaults } from '../entry/cors-policy.ts'
import type { Access, Demand } from '../entry/demand-schema.ts'
import type { RouteFile } from '../entry/route.ts'
import { namedClaimsOf } from '../entry/token-claims.ts'
import { sharedHealthFaults } from '../upstream/shared-health.ts'
import { type UpstreamEntry, upstreamFaults } from '../upstream/upstream.ts'

type Entry = RouteFile['routes'][number]

/** A fault of a route, and the member that has it. */
type RouteFault = { readonly member: string; readonly text: string }
const at = (member: string, texts: readonly string[]): RouteFault[] =>
  texts.map((text) => ({ member, text }))

/**
 * The faults that a schema cannot find: routes that contradict each other or themselves, or that
 * allow more than intended.
 */
export function unsafeRoutes(
  { upstreams, routes }: RouteFile,
  isProduction: boolean
): DocumentFault[] {
  const ofUpstreams = Object.entries(upstreams).flatMap(([name, upstream]) =>
    upstreamFaults(upstream, ['upstreams', name])
  )
  const names = new Set<string>()
  const owners = new Map<string, Entry>()
  const ofRoutes = routes.flatMap((route, index) => {
    const own: RouteFault[] = []
    if (names.has(route.name)) own.push({ member: 'name', text: 'the name is used twice' })
    names.add(route.name)
    own.push(...at('audience', audienceFaults(route, routes)))
    if (!Object.hasOwn(upstreams, route.upstream)) {
      const known = Object.keys(upstreams)
      own.push({
        member: 'upstream',
        text: `upstream ${route.upstream} ${unknownName(route.upstream, known)}`
      })
    }
    own.push(...at('websocket', websocketFaults(route, upstreams[route.upstream])))
    for (const prefix of [route.prefix].flat()) {
      const owner = owners.get(prefix.toLowerCase())
      // Many services read both as one path, and then one route would shadow the other.
      owners.set(prefix.toLowerCase(), route)
      if (owner !== undefined) own.push({ member: 'prefix', text: twice(prefix, owner, route) })
      own.push(...prefixFaults(prefix, route))
    }
    own.push(
      ...at(claimsMember(route), claimNameFaults(namedClaimsOf(route))),
      ...accessFaults(route)
    )
    own.push(...at('cors', routeCorsFaults(route, isProduction)))
    return own.map(({ member, text }) => ({ path: ['routes', index, member], text }))
  })
  return [...ofUpstreams, ...sharedHealthFaults(upstreams), ...ofRoutes]
}

/** With `preflights: service`, only WebSockets ask for the list of origins. */
function routeCorsFaults({ preflights, cors }: Entry, isProduction: boolean): string[] {
  const { origins = [], ...others } = cors ?? {}
  const ofOrigins = origins.flatMap((entry, index) => {
    const fault = originFault(entry, isProduction)
    return fault === null
      ? []
      : [`cors.origins must be a list of origins: entry ${index + 1} ${fault}`]
  })
  const faults = [...ofOrigins, ...spellingFaults(others)]
  const [useless] = Object.keys(others)
  return preflights === 'service' && useless !== undefined
    ? [...faults, `cors.${useless} has no effect with preflights: service`]
    : faults
}

/** WebSockets over HTTP/2 (RFC 8441) are not supported. */
function websocketFaults({ websocket }: Entry, upstream: UpstreamEntry | undefined): string[] {
  if (!websocket || typeof upstream !== 'object') return []
  const { protocol = 'http/1.1' } = upstream
  return protocol === 'http/1.1'
    ? []
    : [`the gateway opens WebSockets over HTTP/1.1, and the upstream has protocol ${protocol}`]
}

const twice = (prefix: string, owner: Entry, route: Entry): string =>
  owner === route
    ? `the prefix ${prefix} is given twice (letter case is ignored)`
    : `${prefix} is already a prefix of route ${owner.name} (letter case is ignored)`

function prefixFaults(prefix: string, route: Entry): RouteFault[] {
  const faults: RouteFault[] = []
  if (canonicalTarget(prefix)?.path !== prefix) {
    faults.push({ member: 'prefix', text: `the prefix ${prefix} is not a canonical path` })
  }
  const open = accessesOf(route).find(({ access }) => access !== 'signed-in')
  if (prefix === '/' && open !== undefined) {
    faults.push({ member: 'prefix', text: `${open.who} with the prefix / would open every path` })
  }
  const { stripPrefix } = route
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

/** The member that a message about the claims of a route points to. */
const claimsMember = ({ tokenClaims }: Entry) =>
  tokenClaims === undefined ? 'forward' : 'tokenClaims'

type MethodAccess = {
  /** for messages */
  readonly who: string
  readonly access: Access
  readonly demands: readonly Demand[]
}

/** The access of each method of a route; for a route without `methods`, its own. */
function accessesOf({ methods, ...route }: Entry): MethodAccess[] {
  const of = (access: Access) =>
    access === 'optional' ? 'a route with optional access' : `a ${access} route`
  if (methods === undefined)
    return [{ who: of(route.access), access: route.access, demands: [route] }]
  return Object.entries(methods).map(([method, own]) => ({
    who: own.access === undefined ? of(route.access) : `${method} with ${own.access} access`,
    access: own.access ?? route.access,
    demands: [route, own]
  }))
}

/** Nothing can be required of an anonymous caller. */
function accessFaults(route: Entry): RouteFault[] {
  const all = accessesOf(route)
  const open = all.filter(({ access }) => access !== 'signed-in').flatMap(openFaults)
  const faults = at('access', [...new Set(open)])
  if (all.every(({ access }) => access === 'public')) {
    if (route.tokenClaims !== undefined || route.forward !== undefined) {
      faults.push(
        ...at(claimsMember(route), [
          'a public route cannot forward claims, because it has no token'
        ])
      )
    }
    if ([route.limit ?? []].flat().some(({ by = 'address' }) => by !== 'address')) {
      faults.push(...at('limit', ['a public route can count only by address']))
    }
  }
  if (!all.some(({ access }) => access === 'public')) {
    faults.push(...at('credentials', credentialFaults(route)))
  }
  return faults
}

function credentialFaults({ credentials }: Entry): string[] {
  const faults: string[] = []
  if (credentials.includes('client-authentication')) {
    faults.push('client-authentication is allowed only with access: public')
  }
  if (credentials.includes('authorization')) {
    faults.push('authorization is allowed only with access: public')
  }
  return faults
}

function openFaults({ who, demands }: MethodAccess): string[] {
  const faults: string[] = []
  if (demands.some(({ scopes, roles }) => scopes.length + roles.length > 0)) {
    faults.push(`${who} cannot require scopes or roles`)
  }
  if (demands.some(({ maxLoginAgeSeconds }) => maxLoginAgeSeconds !== undefined)) {
    faults.push(`${who} cannot require a login age`)
  }
  if (demands.some(({ acrValues }) => acrValues.length > 0)) {
    faults.push(`${who} cannot require acrValues`)
  }
  return faults
}
