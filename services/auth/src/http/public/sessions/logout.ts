import { Type } from 'typebox'
import { callerOf, nameCaller } from '../../name-caller.ts'
import { requestSourceOf } from '../../request-source.ts'
import {
  presentedRefreshToken,
  RefreshTokenBody,
  refreshTokenSecurity
} from '../cookies/presented-refresh-token.ts'
import { clearRefreshCookie, clearsRefreshCookie } from '../cookies/refresh-cookie.ts'
import { crossSiteProblem, PageHeaders, refuseCrossSite } from '../cookies/refuse-cross-site.ts'
import type { Route } from '../route.ts'

/**
 * 204 even for an unknown token, as in RFC 7009 §2.2: the session has ended in any case. The cookie
 * of an unknown token is not cleared.
 */
export const logout: Route = (service, { sessions, settings }) => {
  const { allowsOrigin, cookieSameSite } = settings
  service.post(
    '/logout',
    {
      schema: {
        operationId: 'logout',
        summary: 'Sign out',
        description:
          'Ends the session of a refresh token. Its access tokens stop working within a second. The response is 204 even if the token is unknown or its session has already ended.',
        tags: ['Sessions'],
        security: refreshTokenSecurity,
        headers: PageHeaders,
        body: RefreshTokenBody,
        response: { 204: Type.Null() },
        successes: { 204: { description: 'The session has ended.', headers: clearsRefreshCookie } },
        problems: {
          UNAUTHENTICATED: 'Neither the body nor a cookie has a refresh token.',
          FORBIDDEN: crossSiteProblem
        }
      },
      onRequest: refuseCrossSite(allowsOrigin)
    },
    async (request, reply) => {
      const { token: text, delivery } = presentedRefreshToken(request, cookieSameSite)
      const token = sessions.read(text)
      nameCaller(reply, callerOf(token))
      if (token !== null) {
        await sessions.end(token, requestSourceOf(request))
        if (delivery === 'cookie') clearRefreshCookie(reply, cookieSameSite)
      }
      return reply.code(204).send(null)
    }
  )
}
