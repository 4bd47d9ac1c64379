import { Type } from 'typebox'
import { originOf } from '../origin-of.ts'
import type { Route } from './needs.ts'
import { presentedRefreshToken, RefreshTokenBody } from './presented-refresh-token.ts'
import { clearRefreshCookie } from './refresh-cookie.ts'
import { refuseCrossSite } from './refuse-cross-site.ts'

/** 204 even for an unknown token, as in RFC 7009 §2.2: the client is signed out in any case. */
export const logout: Route = (service, { sessions, settings }) => {
  const { allowsOrigin, cookieSameSite } = settings
  service.post(
    '/logout',
    {
      schema: { body: RefreshTokenBody, response: { 204: Type.Null() } },
      onRequest: refuseCrossSite(allowsOrigin)
    },
    async (request, reply) => {
      const { token, delivery } = presentedRefreshToken(request, cookieSameSite)
      const ended = await sessions.end(token, originOf(request))
      if (ended && delivery === 'cookie') clearRefreshCookie(reply, cookieSameSite)
      return reply.code(204).send(null)
    }
  )
}
