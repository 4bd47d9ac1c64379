import { DEVICE_COOKIE, ownCookieValue } from '@gatehouse/edge-headers/own-cookies'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { mintDeviceToken, readDeviceToken } from '../guesses/device-token.ts'
import type { KeyRing } from '../sessions/key-ring.ts'

/** the longest that browsers keep a cookie (RFC 6265bis §5.5) */
const MAX_AGE_SECONDS = 400 * 86_400

/** The browser's id, where it has signed in to this account before. */
export function knownDevice(
  request: FastifyRequest,
  email: string | null,
  ring: KeyRing
): string | null {
  const token = ownCookieValue(request.headers.cookie, DEVICE_COOKIE)
  return token === null || email === null ? null : readDeviceToken(token, email, ring)
}

export function rememberDevice(reply: FastifyReply, email: string, ring: KeyRing): void {
  reply.setCookie(DEVICE_COOKIE, mintDeviceToken(email, ring), {
    ...{ httpOnly: true, secure: true, sameSite: 'strict', path: '/' },
    maxAge: MAX_AGE_SECONDS
  })
}
