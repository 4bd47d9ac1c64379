import { readRouteTable } from '@gatehouse/gateway/routes/load-route-table'
import type { RouteFile } from '@gatehouse/gateway/routes/route'
import { routeFileSchema } from '@gatehouse/gateway/routes/route-file-schema'
import { SettingsFault } from '@gatehouse/settings/read-settings'

export type CheckOptions = {
  /** the name of the file, for messages; default: `routes.yaml` */
  readonly file?: string
  /** the values of `${NAME}` in the table */
  readonly variables?: Readonly<Record<string, string | undefined>>
  /** false: also accepts what a gateway accepts only in development, such as origins without TLS */
  readonly production?: boolean
  /** true: also reads the certificates that the table names, as the gateway does at its start */
  readonly certificates?: boolean
}

/** A route, as the gateway reads it. */
export type CheckedRoute = {
  readonly name: string
  /** the name of its service in assertions */
  readonly audience: string
  readonly prefixes: readonly string[]
  readonly access: 'signed-in' | 'public' | 'optional'
  /** the name of its upstream */
  readonly upstream: string
}

export type CheckedRoutes = {
  /**
   * what is wrong, one line per fault: `routes.yaml:12:5: route orders: …`; empty if there is none
   */
  readonly faults: readonly string[]
  /** empty if there are faults */
  readonly routes: readonly CheckedRoute[]
}

/**
 * Reads a route table with the code of the gateway, and reports what the gateway would refuse.
 * @param yaml the text of the file
 */
export function checkRoutes(yaml: string, options: CheckOptions = {}): CheckedRoutes {
  const { file = 'routes.yaml', variables = {}, production = true, certificates = false } = options
  const environment = { ...variables, NODE_ENV: production ? 'production' : 'development' }
  try {
    const { routes } = readRouteTable(yaml, environment, file, { certificates })
    return {
      faults: [],
      routes: routes.map(({ name, audience, prefixes, access, upstream }) => ({
        name,
        audience,
        prefixes,
        access,
        upstream: upstream.name
      }))
    }
  } catch (error) {
    if (!(error instanceof SettingsFault)) throw error
    return { faults: error.faults, routes: [] }
  }
}

export type { RouteFile }
export { routeFileSchema }
