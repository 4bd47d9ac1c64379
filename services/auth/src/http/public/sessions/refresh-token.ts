import { Refusal } from '@gatehouse/problem/refusal'
import { callerOf, nameCaller } from '../../name-caller.ts'
import { requestSourceOf } from '../../request-source.ts'
import {
  presentedRefreshToken,
  RefreshTokenBody,
  refreshTokenSecurity
} from '../cookies/presented-refresh-token.ts'
import {
  clearRefreshCookie,
  clearsRefreshCookie,
  setRefreshCookie,
  setsRefreshCookie
} from '../cookies/refresh-cookie.ts'
import { crossSiteProblem, PageHeaders, refuseCrossSite } from '../cookies/refuse-cross-site.ts'
import type { Route } from '../route.ts'
import { TokenResponse, tokenResponse } from '../token-response.ts'

export const refreshToken: Route = (service, { sessions, settings }) => {
  const { allowsOrigin, cookieSameSite } = settings
  service.post(
    '/refresh-token',
    {
      schema: {
        operationId: 'refreshToken',
        summary: 'Refresh the tokens',
        description:
          'Exchanges a refresh token for the next one and a new access token, which the response delivers in the way in which the request sent the token. A token works once, and its reuse ends the session. There are two exceptions: within the grace window, and as long as its successor is unused, the token gets the same successor again. Send one refresh at a time.',
        tags: ['Sessions'],
        security: refreshTokenSecurity,
        headers: PageHeaders,
        body: RefreshTokenBody,
        response: { 200: TokenResponse },
        successes: { 200: { description: 'The next tokens.', headers: setsRefreshCookie } },
        errorHeaders: { 401: clearsRefreshCookie },
        problems: {
          UNAUTHENTICATED:
            'Neither the body nor a cookie has a refresh token, or this system did not issue it.',
          SESSION_ENDED:
            'The session has ended: it was revoked, has expired, or ended because its token was used twice.',
          FORBIDDEN: crossSiteProblem,
          RATE_LIMITED: 'The session refreshes too often.'
        }
      },
      onRequest: refuseCrossSite(allowsOrigin)
    },
    async (request, reply) => {
      const { token, delivery } = presentedRefreshToken(request, cookieSameSite)
      const presented = sessions.read(token)
      nameCaller(reply, callerOf(presented))
      try {
        const grant = await sessions.refresh(presented, requestSourceOf(request))
        if (delivery === 'cookie') setRefreshCookie(reply, grant, cookieSameSite)
        return tokenResponse(grant, delivery)
      } catch (error) {
        // Only a confirmed end clears the cookie: neither an outage nor a garbled value does.
        const ended = error instanceof Refusal && error.code === 'SESSION_ENDED'
        if (ended && delivery === 'cookie') clearRefreshCookie(reply, cookieSameSite)
        throw error
      }
    }
  )
}
