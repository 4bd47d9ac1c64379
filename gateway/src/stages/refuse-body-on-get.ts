import { malformed } from '../refusals.ts'
import type { StrippedRequest } from '../request/stripped-request.ts'
import type { Route } from '../routes/entry/route.ts'

/**
 * A GET may have a body only on routes whose service reads it (RFC 9110 §9.3.1). Any other service
 * would take the body for the next request on its connection.
 */
export function refuseBodyOnGet(
  { method, hasBody }: Pick<StrippedRequest, 'method' | 'hasBody'>,
  { bodyOnGet }: Pick<Route, 'bodyOnGet'>
): void {
  if (method === 'GET' && hasBody && !bodyOnGet) {
    throw malformed('a GET request must not have a body')
  }
}
