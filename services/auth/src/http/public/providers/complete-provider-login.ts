import { Type } from 'typebox'
import { ifAvailable } from '../../../if-available.ts'
import { BY_PROVIDER } from '../../../sessions/authentication.ts'
import { exchange } from '../../fields.ts'
import { beforeCredentials } from '../before-credentials.ts'
import { setsRefreshCookie } from '../cookies/refresh-cookie.ts'
import { crossSiteProblem, PageHeaders } from '../cookies/refuse-cross-site.ts'
import { refuseUnkeptCookie } from '../cookies/unkept-cookie.ts'
import { loginCaller } from '../guess-callers.ts'
import { completeLogin } from '../login/complete-login.ts'
import { refuseUntilFactor } from '../login/refuse-until-factor.ts'
import { readerOf } from '../reader.ts'
import type { Route } from '../route.ts'
import { Delivery, TokenResponse } from '../token-response.ts'

const documented = {
  operationId: 'loginWithProvider',
  summary: 'Sign in with a provider',
  description:
    'Opens a session for the user who has come back from a provider, as POST /auth/login does. A user who is not known yet gets an account, if registration is open and the provider has verified the address.',
  tags: ['Providers'],
  successes: { 200: { description: 'The tokens of the new session.', headers: setsRefreshCookie } },
  problems: {
    UNAUTHENTICATED:
      'The code is unknown, used or expired, the verifier is wrong, or the account is disabled: sign in again.',
    FACTOR_REQUIRED: 'The account needs a second factor: answer the challenge.',
    FORBIDDEN: `The provider has not verified the address, or its domain is not allowed; or registration is not open. ${crossSiteProblem}`,
    CONFLICT:
      'An account has the address, or the password of the linked account has changed since it was linked: sign in another way, and link the provider.',
    RATE_LIMITED: 'The address sends too many credentials.'
  }
}

export const loginWithProvider: Route = (service, options) => {
  const { providers, mail, settings, throttling } = options
  const newcomer = settings.registration === 'open' ? settings.newUser : null
  service.post(
    '/login/providers',
    {
      schema: {
        ...documented,
        headers: PageHeaders,
        body: Type.Object(
          { ...exchange, delivery: Type.Optional(Delivery) },
          { additionalProperties: false, title: 'ProviderLogin' }
        ),
        response: { 200: TokenResponse }
      },
      onRequest: beforeCredentials(options)
    },
    async (request, reply) => {
      const { delivery = 'body', ...given } = request.body
      if (delivery === 'cookie') refuseUnkeptCookie(request, settings.cookieSameSite)
      const reader = readerOf(request, mail)
      const signedIn = await providers.signIn(given, newcomer, reader)
      const { account, identity, authenticatedAt, use } = signedIn
      const caller = loginCaller(request, account.email, account, options)
      const { isKnown } = await throttling.guesses.by(caller)
      const amr = BY_PROVIDER
      await refuseUntilFactor(account, { delivery, amr, identity }, reader.source, options)
      const proven = { amr, authenticatedAt, within: [use] }
      const login = { account, caller, isKnown, delivery, ...proven }
      const tokens = await completeLogin(request, reply, login, options)
      // The session is open: what follows only makes the next login faster.
      await ifAvailable(throttling.guesses.remember(caller))
      return tokens
    }
  )
}
