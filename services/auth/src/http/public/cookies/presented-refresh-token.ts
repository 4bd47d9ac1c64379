import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { noRefreshToken } from '../../../sessions/session-refusals.ts'
import type { CookieSameSite } from '../../app-settings.ts'
import { refreshTokenExample } from '../../fields.ts'
import type { Delivery } from '../token-response.ts'
import { readRefreshCookie, refreshCookiesOf } from './refresh-cookie.ts'
import { missingCookieDetail } from './unkept-cookie.ts'

/** A refresh token has about a hundred characters. A longer text is not one, and is not read. */
const LONGEST = 1024

/** The body of refresh and logout; absent if the cookie contains the token. */
export const RefreshTokenBody = Type.Object(
  {
    refreshToken: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: LONGEST,
        description: 'The refresh token of the last token response. Absent if the cookie has it.',
        examples: [refreshTokenExample.presented]
      })
    )
  },
  {
    additionalProperties: false,
    nullable: true,
    title: 'RefreshTokenBody',
    description: 'May be absent, if the cookie has the token.'
  }
)

/** A request is authenticated by the body, or else by the cookie. */
export const refreshTokenSecurity = [{ refreshCookie: [] }, {}]

type RefreshTokenBody = Static<typeof RefreshTokenBody> | null | undefined

/**
 * The refresh token of a request, and how it was sent: the response uses the same way.
 * @throws Refusal UNAUTHENTICATED if there is none
 */
export function presentedRefreshToken(
  request: FastifyRequest,
  sameSite: CookieSameSite
): { token: string; delivery: Delivery } {
  const body = request.body as RefreshTokenBody
  if (body?.refreshToken !== undefined) return { token: body.refreshToken, delivery: 'body' }
  const cookie = readRefreshCookie(request)
  if (cookie === null) {
    throw noRefreshToken(missingCookieDetail(request, refreshCookiesOf(request), sameSite))
  }
  return { token: cookie, delivery: 'cookie' }
}
