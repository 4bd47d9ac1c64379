import { Type } from 'typebox'
import { canonicalEmail } from '../accounts/email.ts'
import { PASSWORD_MAX_LENGTH, passwordMatches } from '../accounts/password.ts'
import { wrongCredentials } from '../refusals.ts'
import { Delivery, TokenResponse, tokenResponse } from '../tokens/token-response.ts'
import type { Route } from './needs.ts'
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

/** The OAuth client of this API's own logins. */
const FIRST_PARTY_CLIENT = 'gatehouse'

export const login: Route = (service, { accounts, sessions, allowedOrigins }) => {
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
      if (account === null || account.disabled || !matches) throw wrongCredentials()

      const grant = await sessions.begin(account, {
        clientId: FIRST_PARTY_CLIENT,
        scope: '',
        label: ''
      })
      if (delivery === 'cookie') setRefreshCookie(reply, grant)
      return tokenResponse(grant, delivery)
    }
  )
}
