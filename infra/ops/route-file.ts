import type { Access, Demand } from '@gatehouse/gateway/routes/demand-schema'
import type { Route } from '@gatehouse/gateway/routes/route'
import type { RouteTable } from '@gatehouse/gateway/routes/route-table'
import { derivedAddresses } from '@gatehouse/process/derived-addresses'
import { Refused } from './command.ts'
import type { Environment } from './ops-client.ts'

const DEFAULT_FILE = 'gateway/routes.yaml'

/** Which route table is meant: the one that is named, or the gateway's own. */
export const routeFileOf = (named: string | undefined, environment: Environment): string =>
  named ?? (environment.GATEWAY_ROUTES || DEFAULT_FILE)

/**
 * A route table, read by the gateway's own code, which is loaded only where it is asked for: the images of other services do
 * not contain it.
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

/** What a route demands of a caller, in words: of everyone first, then by method. */
export function demandsOf({ access, methods, ...row }: Route): string[] {
  const byMethod = Object.entries(methods ?? {}).map(([method, demand]) => {
    const own = demand.access === undefined ? '' : ` ${accessWords(demand.access)}`
    return `${method}:${`${own}${demandWords(demand)}` || ' nothing more'}`
  })
  return [`${accessWords(access)}${demandWords(row)}`, ...byMethod]
}

/** What a request must have to be let in, in words. */
export const accessWords = (access: Access): string =>
  ({
    'signed-in': 'an access token',
    public: 'nothing: the route is public',
    optional: 'nothing, or a valid access token'
  })[access]

/** What is demanded besides a token; empty where nothing is. */
export function demandWords({ scopes, roles, maxLoginAgeSeconds }: Demand): string {
  const all = scopes.length === 0 ? '' : ` with the scope ${scopes.join(' and ')}`
  const one = roles.length === 0 ? '' : ` and the role ${roles.join(' or ')}`
  const login =
    maxLoginAgeSeconds === undefined ? '' : ` and a login within the last ${maxLoginAgeSeconds} s`
  return `${all}${one}${login}`
}
