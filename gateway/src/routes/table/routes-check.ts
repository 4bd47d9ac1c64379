import type { Finding } from '@gatehouse/process/findings'
import type { LiveRouteTable } from './live-route-table.ts'

/**
 * A gateway whose route file has faults serves with the previous table, but would not start with
 * this file.
 */
export function routesCheck(routes: Pick<LiveRouteTable, 'faults'>): () => Finding {
  return () => {
    const [first] = routes.faults()
    if (first === undefined) return {}
    return { degraded: `the route file has faults, and the previous table stays in use: ${first}` }
  }
}
