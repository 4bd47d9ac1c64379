import { type ErrorForm, oauthForm, problemForm } from '@gatehouse/http-service/error-form'
import { canonicalTarget, lenient } from '../paths/canonical-path.ts'
import type { Route } from './route.ts'
import type { RouteTable } from './route-table.ts'

/** The route to which a target belongs, if there is one. */
export function routeOfTarget(table: RouteTable, target: string): Route | null {
  const canonical = canonicalTarget(target, lenient)
  return canonical === null ? null : table.match(canonical.path)
}

/** The form of the gateway's own errors that the clients of the request's route expect. */
export function errorFormOf(table: RouteTable, target: string): ErrorForm {
  return routeOfTarget(table, target)?.errors === 'oauth' ? oauthForm : problemForm
}
