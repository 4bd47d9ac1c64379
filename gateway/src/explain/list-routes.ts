import { MOST_ROUTES, type TableAnswer } from '@gatehouse/fleet/route-answers'
import type { RouteTable } from '../routes/table/route-table.ts'
import { demandsOf } from './demand-text.ts'

/** The first routes of a table for operators, and how many it has. Pure. */
export function listRoutes({ routes }: Pick<RouteTable, 'routes'>): TableAnswer {
  return { routes: routes.slice(0, MOST_ROUTES).map(listed), total: routes.length }
}

function listed(route: RouteTable['routes'][number]): TableAnswer['routes'][number] {
  const { name, prefixes, upstream } = route
  return {
    name,
    prefixes: [...prefixes],
    requires: demandsOf(route),
    upstream: upstream.name,
    addresses: upstream.addresses.map((one) => `${one}${upstream.basePath}`)
  }
}
