import { Type } from 'typebox'
import { canonicalEmail } from '../accounts/email.ts'
import { PASSWORD_MAX_LENGTH, passwordMatches } from '../accounts/password.ts'
import { wrongCredentials } from '../refusals.ts'
import { deviceLabel } from '../sessions/device-label.ts'
import { Delivery, TokenResponse, tokenResponse } from '../tokens/token-response.ts'
import type { Route } from './needs.ts'
import { originOf } from './origin-of.ts'
import { setRefreshCookie } from './refresh-cookie.ts'
import { refuseCrossSite } from './refuse-cross-site.ts'

const Body = Type.Object(
  {
    email: Type.String({ minLength: 1, maxLength: 254 }),
    password: Type.String({ minLength: 1, maxLength: PASSWORD_MAX_LENGTH }),
    delivery: Type.Optional(Delivery)
  },
  { additionalProperties: false }
)

export const login: Route = (service, { accounts, sessions, audit, allowedOrigins }) => {
  service.post(
    '/login',
    {
      schema: { body: Body, response: { 200: TokenResponse } },
      onRequest: refuseCrossSite(allowedOrigins)
    },
    async (request, reply) => {
      const { email, password, delivery = 'body' } = request.body
      const canonical = canonicalEmail(email)
      const account = canonical === null ? null : await accounts.findByEmail(canonical)
      // A disabled account costs the same work, and gets the same answer.
      const matches = await passwordMatches(account, password)
      const origin = originOf(request)
      if (account === null || account.disabled || !matches) {
        await audit.write({ kind: 'login-failed', subject: account?.id ?? null, sid: null, origin })
        throw wrongCredentials()
      }
      const label = deviceLabel(request.headers['user-agent'])
      const grant = await sessions.begin(account, { clientId: '', scope: '', label }, origin)
      if (delivery === 'cookie') setRefreshCookie(reply, grant)
      return tokenResponse(grant, delivery)
    }
  )
}
