import type { Route } from './route.ts'

/**
 * Whether a route's service takes credentials of ours, as the auth service does. No other service
 * gets a proof that a request comes from a gateway.
 */
export const takesOurCredentials = ({ credentials }: Pick<Route, 'credentials'>): boolean =>
  credentials.includes('own-cookies') || credentials.includes('client-authentication')
