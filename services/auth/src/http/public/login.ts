import { clientNetwork } from '@gatehouse/edge-headers/client-network'
import { Type } from 'typebox'
import { canonicalEmail } from '../../accounts/email.ts'
import { PASSWORD_MAX_LENGTH } from '../../accounts/password-rules.ts'
import { credentialOf } from '../../guesses/guesses.ts'
import { deviceLabel } from '../../sessions/device-label.ts'
import { originOf } from '../origin-of.ts'
import { knownDevice, rememberDevice } from './device-cookie.ts'
import type { Route } from './needs.ts'
import { setRefreshCookie } from './refresh-cookie.ts'
import { refuseCrossSite } from './refuse-cross-site.ts'
import { Delivery, TokenResponse, tokenResponse } from './token-response.ts'
import { refuseUnkeptCookie } from './unkept-cookie.ts'

const Body = Type.Object(
  {
    email: Type.String({ minLength: 1, maxLength: 254 }),
    password: Type.String({ minLength: 1, maxLength: PASSWORD_MAX_LENGTH }),
    delivery: Type.Optional(Delivery)
  },
  { additionalProperties: false }
)

/** Opens a session for a user who proves the password. */
export const login: Route = (service, needs) => {
  const { accounts, sessions, ring } = needs
  const { allowsOrigin, cookieSameSite } = needs.settings
  service.post(
    '/login',
    {
      schema: { body: Body, response: { 200: TokenResponse } },
      onRequest: [refuseCrossSite(allowsOrigin), needs.limitAddress]
    },
    async (request, reply) => {
      const { email, password, delivery = 'body' } = request.body
      if (delivery === 'cookie') refuseUnkeptCookie(request, cookieSameSite)
      const canonical = canonicalEmail(email)
      const origin = originOf(request)
      const claimed = canonical === null ? null : await accounts.findByEmail(canonical)
      const device = knownDevice(request, claimed, ring)
      const caller = {
        email: canonical ?? '',
        network: clientNetwork(origin.address),
        device,
        credential: claimed === null ? null : credentialOf(claimed)
      }
      const account = await accounts.checkCredentials({
        account: claimed,
        password,
        caller,
        origin
      })
      const label = deviceLabel(request.headers['user-agent'])
      const grant = await sessions.begin(account, { clientId: '', scope: '', label }, origin)
      if (delivery === 'cookie') {
        setRefreshCookie(reply, grant, cookieSameSite)
        if (device === null) rememberDevice(reply, account, { ring, cookieSameSite })
      }
      return tokenResponse(grant, delivery)
    }
  )
}
