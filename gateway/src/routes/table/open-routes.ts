import { SettingsFault } from '@gatehouse/settings/read-settings'
import { Gauge } from 'prom-client'
import type { Ports } from '../../ports.ts'
import { type LiveRouteTable, liveRouteTable, type RouteReader } from './live-route-table.ts'
import type { RouteTable } from './route-table.ts'

type RouteSettings = {
  readonly GATEWAY_ROUTES: string
  /** as the file was when the process started */
  readonly table: RouteTable
  readonly routeReader: RouteReader
}

/** The route table, which is read again when its file changes. The log has each reload. */
export function openRoutes(
  config: RouteSettings,
  { log, closing, metrics }: Pick<Ports, 'log' | 'closing' | 'metrics'>
): LiveRouteTable {
  const routes = liveRouteTable({
    first: config.table,
    file: config.GATEWAY_ROUTES,
    reader: config.routeReader,
    onReload(table) {
      log.info({ routes: table.routes.length }, 'the route table was reloaded')
      for (const warning of config.routeReader.warningsOf(table)) log.warn(warning)
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
  new Gauge({
    name: 'gateway_route_faults',
    help: 'Faults of the route file, so that the gateway keeps the previous table',
    aggregator: 'max',
    registers: [metrics],
    collect() {
      this.set(routes.faults().length)
    }
  })
  return routes
}

/** A mistake of the operator as plain text, anything else with its stack. */
const faultFields = (error: unknown): object =>
  error instanceof SettingsFault ? { faults: error.faults } : { err: error }
