import type { Route } from '../routes/entry/route.ts'
import type { StrippedRequest } from './stripped-request.ts'

type Asking = Pick<StrippedRequest, 'method' | 'origin' | 'authorization' | 'headers'>

/**
 * Whether a request is a preflight (Fetch standard §4.8) of a route whose service answers
 * preflights. A browser sends a preflight without a credential, so the gateway does not
 * authenticate it and forwards no identity.
 */
export const isPassedPreflight = (
  { method, origin, authorization, headers }: Asking,
  { preflights }: Pick<Route, 'preflights'>
): boolean =>
  preflights === 'service' &&
  method === 'OPTIONS' &&
  origin !== null &&
  authorization === null &&
  headers['access-control-request-method'] !== undefined
