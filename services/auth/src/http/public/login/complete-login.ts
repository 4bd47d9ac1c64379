import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Account } from '../../../accounts/account.ts'
import { STORED_FIRST_PARTY } from '../../../clients/client.ts'
import { deviceLabel } from '../../../sessions/device-label.ts'
import type { LoginDetails } from '../../../sessions/durable/open-session.ts'
import { loginNotices } from '../../../sessions/login-notices.ts'
import type { Caller } from '../../../throttling/guesses.ts'
import { nameCaller } from '../../name-caller.ts'
import { rememberDevice } from '../cookies/device-cookie.ts'
import { setRefreshCookie } from '../cookies/refresh-cookie.ts'
import { readerOf } from '../reader.ts'
import type { PublicRouteOptions } from '../route.ts'
import { type Delivery, tokenResponse } from '../token-response.ts'

/** A login with all the proofs that it needs. */
export type ProvenCredentials = LoginDetails & {
  readonly account: Account
  readonly caller: Caller
  /** whether the account has signed in with this device, or from this network, before */
  readonly isKnown: boolean
  readonly delivery: Delivery
}

/**
 * Opens the session of a login, with its notices to the owner, and gives the client its tokens.
 */
export async function completeLogin(
  request: FastifyRequest,
  reply: FastifyReply,
  { account, caller, isKnown, delivery, within = [], ...proven }: ProvenCredentials,
  options: PublicRouteOptions
) {
  const { mail, sessions, ring } = options
  const { cookieSameSite } = options.settings
  const reader = readerOf(request, mail)
  const device = deviceLabel(request.headers['user-agent'])
  const opening = { clientId: STORED_FIRST_PARTY, scope: '', label: device }
  const notices = loginNotices({ account, isKnown, device, reader }, mail)
  const details = { ...proven, within: [...within, notices] }
  const grant = await sessions.begin(account, opening, reader.source, details)
  nameCaller(reply, { subject: account.id, session: grant.sid })
  if (delivery === 'cookie') {
    setRefreshCookie(reply, grant, cookieSameSite)
    if (caller.device === null) rememberDevice(reply, account, { ring, cookieSameSite })
  }
  return tokenResponse(grant, delivery)
}
