import type { Route } from './entry/route.ts'

/** Whether a route's service takes credentials of ours, as the auth service does. */
export const takesOurCredentials = ({ credentials }: Pick<Route, 'credentials'>): boolean =>
  credentials.includes('own-cookies') || credentials.includes('client-authentication')

/**
 * Whether the service gets a proof that a request comes from a gateway, so that it believes the
 * address of the client. The assertion about a signed-in caller proves it as well. A service that
 * takes none of our credentials on any route never gets the proof.
 */
export const getsProof = (
  route: Pick<Route, 'credentials' | 'serviceTakesCredentials'>,
  { hasAssertion }: { readonly hasAssertion: boolean }
): boolean => takesOurCredentials(route) || (route.serviceTakesCredentials && !hasAssertion)
