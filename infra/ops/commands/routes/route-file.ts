import type { RouteTable } from '@gatehouse/gateway/routes/route-table'
import { derivedAddresses } from '@gatehouse/process/derived-addresses'
import { pageLoginSettings } from '@gatehouse/settings/page-login'
import { givenSettings } from '@gatehouse/settings/read-settings'
import type { Environment } from '../../client/ops-client.ts'
import { Refused } from '../../failures.ts'

/** Rules of a table that the pages for users do not obey. */
export async function warningsOf(
  table: RouteTable,
  environment: Environment
): Promise<readonly string[]> {
  const { pageWarnings } = await import('@gatehouse/gateway/routes/page-warnings')
  const { settings } = givenSettings(pageLoginSettings, environment)
  return pageWarnings(table, settings.AUTH_PAGES_RECENT_SECONDS)
}

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
