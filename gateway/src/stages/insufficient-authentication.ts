import { bearerChallenge } from '@gatehouse/problem/challenge'
import { Refusal } from '@gatehouse/problem/refusal'

/** What the authentication of a user lacks for a route. */
type Insufficiency = { readonly maxAgeSeconds?: number; readonly acrValues?: readonly string[] }

/** RFC 9470 §3 */
export const authenticationInsufficient = ({ maxAgeSeconds, acrValues }: Insufficiency) => {
  const needs = [
    maxAgeSeconds === undefined ? null : `a login within the last ${maxAgeSeconds} seconds`,
    acrValues === undefined ? null : `an authentication of the class ${acrValues.join(' or ')}`
  ].filter((one) => one !== null)
  return new Refusal('UNAUTHENTICATED', {
    reason:
      maxAgeSeconds === undefined
        ? 'the user is not authenticated well enough for the route'
        : 'the login is too old for the route',
    detail: `the request needs ${needs.join(' and ')}`,
    headers: bearerChallenge({
      error: 'insufficient_user_authentication',
      description:
        acrValues === undefined
          ? 'a more recent login is needed'
          : 'a stronger authentication is needed',
      ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
      ...(acrValues === undefined ? {} : { acrValues })
    })
  })
}
