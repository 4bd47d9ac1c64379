import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Account } from '../../../accounts/account.ts'
import { STORED_FIRST_PARTY } from '../../../clients/client.ts'
import { noticeOf } from '../../../mail/notices.ts'
import { deviceLabel } from '../../../sessions/device-label.ts'
import type { LoginDetails, WithLogin } from '../../../sessions/durable/open-session.ts'
import type { Caller } from '../../../throttling/guesses.ts'
import { nameCaller } from '../../name-caller.ts'
import { rememberDevice } from '../cookies/device-cookie.ts'
import { setRefreshCookie } from '../cookies/refresh-cookie.ts'
import { readerOf } from '../reader.ts'
import type { PublicRouteOptions } from '../route.ts'
import { type Delivery, tokenResponse } from '../token-response.ts'

/** In the first hour of an account, a login with another device is not reported to its owner. */
const NEW_ACCOUNT_SECONDS = 3600

const isOld = ({ createdAt }: Account, nowMs: number): boolean =>
  nowMs / 1000 - createdAt > NEW_ACCOUNT_SECONDS

/** A login with all the proofs that it needs. */
type ProvenCredentials = LoginDetails & {
  readonly account: Account
  readonly caller: Caller
  /** whether the account has signed in with this device, or from this network, before */
  readonly isKnown: boolean
  readonly delivery: Delivery
}

/** Opens the session of a login, and notifies its user if the device is new. */
export async function completeLogin(
  request: FastifyRequest,
  reply: FastifyReply,
  { account, caller, isKnown, delivery, within, ...details }: ProvenCredentials,
  options: PublicRouteOptions
) {
  const { mail, sessions, ring, clock } = options
  const { cookieSameSite } = options.settings
  const reader = readerOf(request, mail)
  const { source } = reader
  const label = deviceLabel(request.headers['user-agent'])
  const opening = { clientId: STORED_FIRST_PARTY, scope: '', label }
  const isNotable = !isKnown && isOld(account, clock())
  const alongside: WithLogin = async (transaction, nowMs, before) => {
    await within?.(transaction, nowMs, before)
    if (before.deleteAfter !== null) {
      const kept = noticeOf('deletion-cancelled', account, reader, nowMs)
      await mail.add(transaction, kept, nowMs)
    }
    if (!isNotable) return
    const notice = noticeOf('new-device', account, reader, nowMs, { device: label })
    await mail.add(transaction, notice, nowMs)
  }
  const grant = await sessions.begin(account, opening, source, { ...details, within: alongside })
  nameCaller(reply, { subject: account.id, session: grant.sid })
  if (delivery === 'cookie') {
    setRefreshCookie(reply, grant, cookieSameSite)
    if (caller.device === null) rememberDevice(reply, account, { ring, cookieSameSite })
  }
  return tokenResponse(grant, delivery)
}
