import { type ErrorForm, oauthForm, problemForm } from '@gatehouse/http-service/error-form'
import { canonicalTarget, lenient } from '../stages/canonical-path.ts'
import type { RouteTable } from './route-table.ts'

/** The form in which the gateway's own refusals are written: what the clients of the request's row read. */
export function errorFormOf(table: RouteTable, target: string): ErrorForm {
  const canonical = canonicalTarget(target, lenient)
  const route = canonical === null ? null : table.match(canonical.path)
  return route?.errors === 'oauth' ? oauthForm : problemForm
}
