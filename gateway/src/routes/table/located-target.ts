import { type CanonicalTarget, canonicalTarget, lenient } from '../../paths/canonical-path.ts'
import type { Route } from '../entry/route.ts'
import type { RouteTable } from './route-table.ts'

/** A request target as it was read once, for everything that asks about it. */
export type LocatedTarget = {
  /** the table in which its route was looked up */
  readonly table: RouteTable
  /** the length of the target, in characters */
  readonly length: number
  /** the authority of a target in absolute form; null: the target is in origin form */
  readonly authority: string | null
  /** null if the path is not canonical */
  readonly canonical: CanonicalTarget | null
  /** the route to which the path belongs; null if there is none */
  readonly route: Route | null
}

/** RFC 9112 §3.2.2: the form for a proxy, which every server must accept */
const ABSOLUTE = /^https?:\/\/([^/?#]*)(?=[/?]|$)/i

/** Reads a target and looks up its route. Pure. */
export function locateTarget(table: RouteTable, target: string): LocatedTarget {
  const [prefix, authority = null] = ABSOLUTE.exec(target) ?? []
  const canonical = canonicalTarget(originForm(target, prefix), lenient)
  const route = canonical === null ? null : table.match(canonical.path)
  return { table, length: target.length, authority, canonical, route }
}

/** The path and query of a target. */
function originForm(target: string, prefix: string | undefined): string {
  if (prefix === undefined) return target
  const rest = target.slice(prefix.length)
  return rest.startsWith('/') ? rest : `/${rest}`
}
