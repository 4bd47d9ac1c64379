import { Type } from 'typebox'
import { ifAvailable } from '../../../if-available.ts'
import { beforeCredentials } from '../before-credentials.ts'
import { setsRefreshCookie } from '../cookies/refresh-cookie.ts'
import { crossSiteProblem, PageHeaders } from '../cookies/refuse-cross-site.ts'
import { refuseUnkeptCookie } from '../cookies/unkept-cookie.ts'
import { PasskeyAssertion, PasskeyRequest } from '../factors/passkey-schemas.ts'
import { loginCaller } from '../guess-callers.ts'
import { readerOf } from '../reader.ts'
import type { Route } from '../route.ts'
import { Delivery, TokenResponse } from '../token-response.ts'
import { completeLogin } from './complete-login.ts'
import { requireVerifiedEmail } from './require-verified-email.ts'

const off = 'Passkeys alone do not open a session here (AUTH_PASSKEYS).'

const asking = {
  operationId: 'askForPasskeyLogin',
  summary: 'Begin to sign in with a passkey',
  description:
    'Returns the options of navigator.credentials.get(), for a button or for the suggestions of a form (conditional mediation). Apart from the challenge, they are the same for everyone.',
  tags: ['Accounts'],
  successes: { 200: { description: 'The options of navigator.credentials.get().' } },
  problems: {
    FORBIDDEN: `${off} ${crossSiteProblem}`,
    RATE_LIMITED: 'The address sends too many credentials.'
  }
}

export const askForPasskeyLogin: Route = (service, options) => {
  service.post(
    '/login/passkey/options',
    {
      schema: { ...asking, headers: PageHeaders, response: { 200: PasskeyRequest } },
      onRequest: beforeCredentials(options)
    },
    async () => options.factors.askForLogin()
  )
}

const documented = {
  operationId: 'loginWithPasskey',
  summary: 'Sign in with a passkey',
  description:
    'Opens a session for a user whose passkey has verified them: two factors in one. After a change of the password, a passkey must be used once in addition to the new password before it does that again.',
  tags: ['Accounts'],
  successes: { 200: { description: 'The tokens of the new session.', headers: setsRefreshCookie } },
  problems: {
    UNAUTHENTICATED:
      'The passkey was not accepted. The response does not say why: sign in with the password.',
    FORBIDDEN: `${off} The e-mail address must be verified first. ${crossSiteProblem}`,
    RATE_LIMITED:
      'The address sends too many credentials, or others have guessed too often at this account.'
  }
}

export const loginPasskey: Route = (service, options) => {
  const { factors, mail, settings, throttling } = options
  service.post(
    '/login/passkey',
    {
      schema: {
        ...documented,
        headers: PageHeaders,
        body: Type.Object(
          { passkey: PasskeyAssertion, delivery: Type.Optional(Delivery) },
          { additionalProperties: false, title: 'PasskeyLogin' }
        ),
        response: { 200: TokenResponse }
      },
      onRequest: beforeCredentials(options)
    },
    async (request, reply) => {
      const { passkey, delivery = 'body' } = request.body
      if (delivery === 'cookie') refuseUnkeptCookie(request, settings.cookieSameSite)
      const reader = readerOf(request, mail)
      const account = await factors.claimedByPasskey(passkey, reader.source)
      const caller = loginCaller(request, account.email, account, options)
      const proven = await factors.answerByPasskey(account, passkey, { caller, ...reader })
      requireVerifiedEmail(account, settings, false)
      const { isKnown } = await throttling.guesses.by(caller)
      const { amr, use } = proven
      const login = { account, caller, isKnown, delivery, amr, within: [use] }
      const tokens = await completeLogin(request, reply, login, options)
      // The session is open: what follows only makes the next login faster.
      await ifAvailable(proven.succeeded())
      await ifAvailable(throttling.guesses.remember(caller))
      return tokens
    }
  )
}
