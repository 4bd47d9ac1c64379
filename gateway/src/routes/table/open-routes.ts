import { SettingsFault } from '@gatehouse/settings/read-settings'
import type { Ports } from '../../ports.ts'
import { type LiveRouteTable, liveRouteTable, type RouteReader } from './live-route-table.ts'
import { pageWarnings } from './page-warnings.ts'
import type { RouteTable } from './route-table.ts'

type RouteSettings = {
  readonly GATEWAY_ROUTES: string
  readonly AUTH_PAGES_RECENT_SECONDS: number
  /** as the file was when the process started */
  readonly table: RouteTable
  readonly routeReader: RouteReader
}

/** The route table, which is read again when its file changes. The log has each reload. */
export function openRoutes(
  config: RouteSettings,
  { log, closing }: Pick<Ports, 'log' | 'closing'>
): LiveRouteTable {
  const routes = liveRouteTable({
    first: config.table,
    file: config.GATEWAY_ROUTES,
    reader: config.routeReader,
    onReload(table) {
      log.info({ routes: table.routes.length }, 'the route table was reloaded')
      for (const warning of pageWarnings(table, config.AUTH_PAGES_RECENT_SECONDS)) log.warn(warning)
    },
    onFault: (error) =>
      log.error(faultFields(error), 'the new route table has errors; the old one stays in use'),
    onFollowerFault: (err) =>
      log.error(
        { err },
        'the new route table is in use, but a part of the gateway could not apply it'
      )
  })
  closing.defer(() => routes.close())
  return routes
}

/** A mistake of the operator as plain text, anything else with its stack. */
const faultFields = (error: unknown): object =>
  error instanceof SettingsFault ? { faults: error.faults } : { err: error }
