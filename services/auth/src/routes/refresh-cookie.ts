import type { CookieSerializeOptions } from '@fastify/cookie'
import {
  cookiePairs,
  REFRESH_COOKIE,
  refreshCookieValue
} from '@gatehouse/edge-headers/refresh-cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Grant } from '../sessions/sessions.ts'

/** What the `__Host-` prefix demands, out of reach of scripts, and never sent by another site's page. */
const attributes: CookieSerializeOptions = {
  httpOnly: true,
  secure: true,
  sameSite: 'strict',
  path: '/'
}

export function setRefreshCookie(reply: FastifyReply, grant: Grant): void {
  reply.setCookie(REFRESH_COOKIE, grant.refreshToken, {
    ...attributes,
    maxAge: grant.refreshExpiresIn
  })
}

export function clearRefreshCookie(reply: FastifyReply): void {
  reply.clearCookie(REFRESH_COOKIE, attributes)
}

/** The refresh token in the cookie. Two cookies of the name are ambiguous, and so none. */
export function readRefreshCookie(request: FastifyRequest): string | null {
  const [value, ...more] = cookiePairs(request.headers.cookie ?? '')
    .map(refreshCookieValue)
    .filter((value) => value !== null)
  return value === undefined || more.length > 0 ? null : value
}
