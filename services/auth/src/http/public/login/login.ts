import { Type } from 'typebox'
import { canonicalEmail } from '../../../accounts/email-addresses/email.ts'
import { BY_PASSWORD } from '../../../sessions/authentication.ts'
import { currentPassword, Email } from '../../fields.ts'
import { requestSourceOf } from '../../request-source.ts'
import { beforeCredentials } from '../before-credentials.ts'
import { setsRefreshCookie } from '../cookies/refresh-cookie.ts'
import { crossSiteProblem, PageHeaders } from '../cookies/refuse-cross-site.ts'
import { refuseUnkeptCookie } from '../cookies/unkept-cookie.ts'
import { loginCaller } from '../guess-callers.ts'
import type { Route } from '../route.ts'
import { Delivery, TokenResponse } from '../token-response.ts'
import { completeLogin } from './complete-login.ts'
import { refuseUntilFactor } from './refuse-until-factor.ts'

const Body = Type.Object(
  {
    email: Email,
    password: currentPassword('The password of the account.'),
    delivery: Type.Optional(Delivery)
  },
  { additionalProperties: false, title: 'Login' }
)

const documented = {
  operationId: 'login',
  summary: 'Sign in',
  description:
    'Opens a session for a user who proves the password. If the account has a second factor, the response is FACTOR_REQUIRED with a challenge. Guesses are slowed per account and counted per address.',
  tags: ['Accounts'],
  successes: { 200: { description: 'The tokens of the new session.', headers: setsRefreshCookie } },
  problems: {
    UNAUTHENTICATED:
      'The e-mail address or the password is wrong, or the account is disabled. The response does not say which.',
    FACTOR_REQUIRED:
      'The password is right, and the account needs a second factor: answer the challenge.',
    FORBIDDEN: `The e-mail address must be verified first. ${crossSiteProblem}`,
    RATE_LIMITED:
      'The address sends too many credentials, or others have guessed too often at this account.'
  }
}

/** Opens a session for a user who proves the password, or asks for a second factor. */
export const login: Route = (service, options) => {
  const { accounts } = options
  const { cookieSameSite } = options.settings
  service.post(
    '/login',
    {
      schema: { ...documented, headers: PageHeaders, body: Body, response: { 200: TokenResponse } },
      onRequest: beforeCredentials(options)
    },
    async (request, reply) => {
      const { email, password, delivery = 'body' } = request.body
      if (delivery === 'cookie') refuseUnkeptCookie(request, cookieSameSite)
      const canonical = canonicalEmail(email)
      const source = requestSourceOf(request)
      const claimed = canonical === null ? null : await accounts.findByEmail(canonical)
      const caller = loginCaller(request, canonical ?? '', claimed, options)
      const { account, isKnown } = await accounts.checkCredentials({
        account: claimed,
        password,
        caller,
        source
      })
      const amr = BY_PASSWORD
      await refuseUntilFactor(account, { delivery, amr, identity: null }, source, options)
      return completeLogin(request, reply, { account, caller, isKnown, delivery, amr }, options)
    }
  )
}
