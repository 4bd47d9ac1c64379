import { createHash } from 'node:crypto'
import type { RouteTable } from './route-table.ts'

const known = new WeakMap<RouteTable, string>()

/**
 * A text that is the same for the same table, wherever it was read. The certificates of services
 * are no part of it.
 */
export function routesVersion(table: RouteTable): string {
  const version = known.get(table) ?? digestOf(table)
  known.set(table, version)
  return version
}

const digestOf = ({ routes }: RouteTable): string =>
  createHash('sha256').update(JSON.stringify(routes, withoutTls)).digest('base64url').slice(0, 16)

const withoutTls = (name: string, value: unknown): unknown => (name === 'tls' ? undefined : value)
