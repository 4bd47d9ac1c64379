import { Refusal } from '@gatehouse/problem/refusal'
import { originOf } from '../origin-of.ts'
import type { Route } from './needs.ts'
import { presentedRefreshToken, RefreshTokenBody } from './presented-refresh-token.ts'
import { clearRefreshCookie, setRefreshCookie } from './refresh-cookie.ts'
import { refuseCrossSite } from './refuse-cross-site.ts'
import { TokenResponse, tokenResponse } from './token-response.ts'

export const refreshToken: Route = (service, { sessions, settings }) => {
  const { allowsOrigin, cookieSameSite } = settings
  service.post(
    '/refresh-token',
    {
      schema: { body: RefreshTokenBody, response: { 200: TokenResponse } },
      onRequest: refuseCrossSite(allowsOrigin)
    },
    async (request, reply) => {
      const { token, delivery } = presentedRefreshToken(request, cookieSameSite)
      try {
        const grant = await sessions.refresh(token, originOf(request))
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
