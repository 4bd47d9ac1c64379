import type { Access, Demand } from '@gatehouse/gateway/routes/demand-schema'
import type { Route } from '@gatehouse/gateway/routes/route'
import type { RouteTable } from '@gatehouse/gateway/routes/route-table'
import { derivedAddresses } from '@gatehouse/process/derived-addresses'
import type { Environment } from '../../client/ops-client.ts'
import { Refused } from '../../failures.ts'

const DEFAULT_FILE = 'gateway/routes.yaml'

/** The route table: the named file, or the gateway's own. */
export const routeFileOf = (named: string | undefined, environment: Environment): string =>
  named ?? (environment.GATEWAY_ROUTES || DEFAULT_FILE)

/**
 * Reads a route table with the gateway's own code. It is loaded only when it is needed, because the
 * images of other services do not contain it.
 * @throws Refused with every fault
 */
export async function readRoutes(file: string, environment: Environment): Promise<RouteTable> {
  const gateway = await import('@gatehouse/gateway/routes/load-route-table').catch(() => {
    throw new Refused(
      'NO_GATEWAY',
      'This installation has no gateway. Run the command where the gateway is installed.'
    )
  })
  try {
    return gateway.loadRouteTable(file, { ...derivedAddresses(environment), ...environment })
  } catch (error) {
    const faults = (error as { faults?: readonly string[] }).faults
    if (faults === undefined) throw error
    throw new Refused('UNSAFE_ROUTES', faults.join('\n'))
  }
}

/** What a route requires of a caller, as text: for all methods first, then by method. */
export function demandsOf({ access, methods, ...route }: Route): string[] {
  const byMethod = Object.entries(methods ?? {}).map(([method, demand]) => {
    const own = demand.access === undefined ? '' : ` ${accessWords(demand.access)}`
    return `${method}:${`${own}${demandWords(demand)}` || ' nothing more'}`
  })
  return [`${accessWords(access)}${demandWords(route)}`, ...byMethod]
}

/** What an access level requires, as text. */
export const accessWords = (access: Access): string =>
  ({
    'signed-in': 'an access token',
    public: 'nothing: the route is public',
    optional: 'nothing, or a valid access token'
  })[access]

/** The requirements in addition to a token; empty if there are none. */
export function demandWords(demand: Demand): string {
  const { scopes, roles, maxLoginAgeSeconds, acrValues } = demand
  const all = scopes.length === 0 ? '' : ` with the scope ${scopes.join(' and ')}`
  const one = roles.length === 0 ? '' : ` and the role ${roles.join(' or ')}`
  const login =
    maxLoginAgeSeconds === undefined ? '' : ` and a login within the last ${maxLoginAgeSeconds} s`
  const strong = acrValues.length === 0 ? '' : ` and an acr of ${acrValues.join(' or ')}`
  return `${all}${one}${login}${strong}`
}
