import { type ErrorForm, oauthForm, problemForm } from '@gatehouse/http-service/error-form'
import { canonicalTarget, lenient } from '../paths/canonical-path.ts'
import type { Route } from './route.ts'
import type { RouteTable } from './route-table.ts'

/** The route that a target is of, if of any. */
export function routeOfTarget(table: RouteTable, target: string): Route | null {
  const canonical = canonicalTarget(target, lenient)
  return canonical === null ? null : table.match(canonical.path)
}

/** The form in which the gateway's own refusals are written: what the clients of the request's route read. */
export function errorFormOf(table: RouteTable, target: string): ErrorForm {
  return routeOfTarget(table, target)?.errors === 'oauth' ? oauthForm : problemForm
}
