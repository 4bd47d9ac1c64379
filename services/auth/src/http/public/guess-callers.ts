import { clientNetwork } from '@gatehouse/edge-headers/client-network'
import type { FastifyRequest } from 'fastify'
import type { Account } from '../../accounts/account.ts'
import type { RequestSource } from '../../audit/audit-event.ts'
import { type Caller, credentialOf } from '../../throttling/guesses.ts'
import { requestSourceOf } from '../request-source.ts'
import { knownDevice } from './cookies/device-cookie.ts'
import type { PublicRouteOptions } from './route.ts'

/**
 * The caller of a login, as guesses are counted.
 * @param canonical the e-mail address; empty: the request has none that could be an account's
 */
export function loginCaller(
  request: FastifyRequest,
  canonical: string,
  claimed: Account | null,
  { ring }: Pick<PublicRouteOptions, 'ring'>
): Caller {
  return {
    email: canonical,
    network: clientNetwork(requestSourceOf(request).address),
    device: knownDevice(request, claimed, ring),
    credential: claimed === null ? null : credentialOf(claimed)
  }
}

/** The caller of a request that has a session, as guesses are counted: the session is a device. */
export const sessionCaller = (
  account: Account,
  session: string,
  { address }: Pick<RequestSource, 'address'>
): Caller => ({
  email: account.email,
  network: clientNetwork(address),
  device: session,
  credential: credentialOf(account)
})
