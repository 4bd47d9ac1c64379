import { DEVICE_COOKIE, ownCookieValue } from '@gatehouse/edge-headers/own-cookies'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { mintDeviceToken, readDeviceToken } from '../guesses/device-token.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import { type CookieSameSite, ownCookieAttributes } from './refresh-cookie.ts'

/** the longest time for which browsers keep a cookie (RFC 6265bis §5.5) */
const MAX_AGE_SECONDS = 400 * 86_400

/** The id of the browser, if it has signed in to this account before. */
export function knownDevice(
  request: FastifyRequest,
  email: string | null,
  ring: KeyRing
): string | null {
  const token = ownCookieValue(request.headers.cookie, DEVICE_COOKIE)
  return token === null || email === null ? null : readDeviceToken(token, email, ring)
}

type Needs = { readonly ring: KeyRing; readonly cookieSameSite: CookieSameSite }

export function rememberDevice(
  reply: FastifyReply,
  email: string,
  { ring, cookieSameSite }: Needs
): void {
  reply.setCookie(DEVICE_COOKIE, mintDeviceToken(email, ring), {
    ...ownCookieAttributes(cookieSameSite),
    maxAge: MAX_AGE_SECONDS
  })
}
