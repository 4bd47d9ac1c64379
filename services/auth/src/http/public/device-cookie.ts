import { DEVICE_COOKIE, ownCookieValue } from '@gatehouse/edge-headers/own-cookies'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Account } from '../../accounts/account.ts'
import { mintDeviceToken, readDeviceToken } from '../../guesses/device-token.ts'
import { credentialOf } from '../../guesses/guesses.ts'
import type { KeyRing } from '../../secrets/key-ring.ts'
import { type CookieSameSite, ownCookieAttributes } from './refresh-cookie.ts'

/** the longest time for which browsers keep a cookie (RFC 6265bis §5.5) */
const MAX_AGE_SECONDS = 400 * 86_400

/** The account of a browser, and its password. */
type Owner = Pick<Account, 'id' | 'email' | 'passwordVersion'>

/** The id of the browser, if it has signed in to this account with the password that it has now. */
export function knownDevice(
  request: FastifyRequest,
  owner: Owner | null,
  ring: KeyRing
): string | null {
  const token = ownCookieValue(request.headers.cookie, DEVICE_COOKIE)
  return token === null || owner === null ? null : readDeviceToken(token, nameOf(owner), ring)
}

const nameOf = (owner: Owner): string => `${owner.email}\0${credentialOf(owner)}`

type Needs = { readonly ring: KeyRing; readonly cookieSameSite: CookieSameSite }

export function rememberDevice(
  reply: FastifyReply,
  owner: Owner,
  { ring, cookieSameSite }: Needs
): void {
  reply.setCookie(DEVICE_COOKIE, mintDeviceToken(nameOf(owner), ring), {
    ...ownCookieAttributes(cookieSameSite),
    maxAge: MAX_AGE_SECONDS
  })
}
