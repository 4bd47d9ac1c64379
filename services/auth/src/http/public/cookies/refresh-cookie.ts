import type { CookieSerializeOptions } from '@fastify/cookie'
import { cookiePairs, ownCookieValue, REFRESH_COOKIE } from '@gatehouse/edge-headers/own-cookies'
import type { DocumentedHeader } from '@gatehouse/http-service/operation'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Grant } from '../../../sessions/grant.ts'
import type { CookieSameSite } from '../../app-settings.ts'
import { refreshTokenExample } from '../../fields.ts'

type OwnCookieAttributes = CookieSerializeOptions & { secure: boolean }

/**
 * The attributes that the `__Host-` prefix requires. Scripts cannot read the cookie, and pages of
 * other sites do not send it. With `none`, pages of every site send it, each with a cookie of its
 * own (CHIPS: `Partitioned`), and only the same-origin check decides which of them may use it.
 */
export const ownCookieAttributes = (sameSite: CookieSameSite): OwnCookieAttributes => ({
  httpOnly: true,
  secure: true,
  path: '/',
  sameSite,
  ...(sameSite === 'none' ? { partitioned: true } : {})
})

const cookie = (name: string, description: string): Record<string, DocumentedHeader> => ({
  'set-cookie': {
    description,
    schema: Type.String({ examples: [`${name}; Path=/; HttpOnly; Secure; SameSite=Strict`] })
  }
})

/** The header of a response with `delivery: 'cookie'`. */
export const setsRefreshCookie = cookie(
  `${REFRESH_COOKIE}=${refreshTokenExample.next}; Max-Age=1209600`,
  `With delivery cookie: ${REFRESH_COOKIE}, which has the refresh token, for as many seconds as refreshExpiresIn. SameSite is None, with Partitioned, if AUTH_COOKIE_SAME_SITE is none. A login also sets a cookie by which it recognises the browser.`
)

/** The header of a response that ends the session of the cookie. */
export const clearsRefreshCookie = cookie(
  `${REFRESH_COOKIE}=; Max-Age=0`,
  `Clears ${REFRESH_COOKIE}, if it authenticated the request and its session has ended.`
)

export function setRefreshCookie(reply: FastifyReply, grant: Grant, sameSite: CookieSameSite) {
  clearOfOtherSetting(reply, sameSite)
  reply.setCookie(REFRESH_COOKIE, grant.refreshToken, {
    ...ownCookieAttributes(sameSite),
    maxAge: grant.refreshExpiresIn
  })
}

export function clearRefreshCookie(reply: FastifyReply, sameSite: CookieSameSite): void {
  reply.clearCookie(REFRESH_COOKIE, ownCookieAttributes(sameSite))
}

/** The refresh token in the cookie. */
export const readRefreshCookie = (request: FastifyRequest): string | null =>
  ownCookieValue(request.headers.cookie, REFRESH_COOKIE)

/** How many cookies of this name a request has. */
export const refreshCookiesOf = ({ headers }: FastifyRequest): number =>
  cookiePairs(headers.cookie ?? '').filter((pair) => pair.startsWith(`${REFRESH_COOKIE}=`)).length

/**
 * A browser keeps a partitioned cookie beside one that is not, and sends both, which would be
 * ambiguous. So after a change of the setting, this clears the earlier cookie. The first request
 * after a change to `none` has one cookie, and does not say which one. After a change back, a login
 * that finds both clears the other one.
 */
function clearOfOtherSetting(reply: FastifyReply, sameSite: CookieSameSite): void {
  const cookies = refreshCookiesOf(reply.request)
  if (sameSite === 'none' ? cookies > 0 : cookies > 1) {
    const other = ownCookieAttributes(sameSite === 'none' ? 'strict' : 'none')
    // Written directly, because the plugin keeps only one cookie of a name.
    const cleared = reply.server.serializeCookie(REFRESH_COOKIE, '', {
      ...other,
      expires: new Date(0)
    })
    reply.header('set-cookie', cleared)
  }
}
