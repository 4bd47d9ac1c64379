import { DEVICE_COOKIE, ownCookieValue } from '@gatehouse/edge-headers/own-cookies'
import type { DocumentedHeader } from '@gatehouse/http-service/operation'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Account } from '../../../accounts/account.ts'
import { DAY_SECONDS } from '../../../day.ts'
import type { KeyRing } from '../../../secrets/key-ring.ts'
import { mintDeviceToken, readDeviceToken } from '../../../throttling/device-token.ts'
import { credentialOf } from '../../../throttling/guesses.ts'
import type { CookieSameSite } from '../../app-settings.ts'
import { ownCookieAttributes } from './refresh-cookie.ts'

/** the longest time for which browsers keep a cookie (RFC 6265bis §5.5) */
const MAX_AGE_SECONDS = 400 * DAY_SECONDS

/** The header of a response to a browser that is known. */
export const setsDeviceCookie: Record<string, DocumentedHeader> = {
  'set-cookie': {
    description: `${DEVICE_COOKIE}, by which logins recognise the browser. Only if the request had it.`,
    schema: Type.String({
      examples: [
        `${DEVICE_COOKIE}=d1.7.k3VxE0o9W1lQn5cT7yB2dA; Path=/; HttpOnly; Secure; SameSite=Strict`
      ]
    })
  }
}

/** The account of a browser, its password, and its second factors. */
type Owner = Pick<Account, 'id' | 'email' | 'passwordVersion' | 'factorVersion'>

/**
 * The id of the browser, if it has signed in to this account with the current password and factors.
 */
export function knownDevice(
  request: FastifyRequest,
  owner: Owner | null,
  ring: KeyRing
): string | null {
  const token = ownCookieValue(request.headers.cookie, DEVICE_COOKIE)
  return token === null || owner === null ? null : readDeviceToken(token, nameOf(owner), ring)
}

/**
 * With the factors: somebody who knew the password before the first factor was added could have
 * collected many cookies, each with a count of its own for guesses at the factor.
 */
const nameOf = (owner: Owner): string =>
  `${owner.email}\0${credentialOf(owner)}\0${owner.factorVersion}`

type Options = { readonly ring: KeyRing; readonly cookieSameSite: CookieSameSite }

export function rememberDevice(
  reply: FastifyReply,
  owner: Owner,
  { ring, cookieSameSite }: Options
): void {
  reply.setCookie(DEVICE_COOKIE, mintDeviceToken(nameOf(owner), ring), {
    ...ownCookieAttributes(cookieSameSite),
    maxAge: MAX_AGE_SECONDS
  })
}
