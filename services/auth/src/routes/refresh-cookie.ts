import type { CookieSerializeOptions } from '@fastify/cookie'
import { ownCookieValue, REFRESH_COOKIE } from '@gatehouse/edge-headers/own-cookies'
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

/** The refresh token in the cookie. */
export const readRefreshCookie = (request: FastifyRequest): string | null =>
  ownCookieValue(request.headers.cookie, REFRESH_COOKIE)
