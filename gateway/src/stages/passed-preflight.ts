import type { Route } from '../routes/route.ts'
import type { StrippedRequest } from './strip.ts'

type Asking = Pick<StrippedRequest, 'method' | 'origin' | 'authorization' | 'headers'>

/**
 * Whether a request is a preflight (Fetch standard §4.8) of a route whose service answers those. A browser sends it without a
 * credential, so nobody is asked who they are, and the service is told nobody's identity.
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
