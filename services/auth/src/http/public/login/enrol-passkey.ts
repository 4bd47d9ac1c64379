import { Type } from 'typebox'
import { FactorName } from '../../factor-response.ts'
import { beforeCredentials } from '../before-credentials.ts'
import { setsRefreshCookie } from '../cookies/refresh-cookie.ts'
import { crossSiteProblem, PageHeaders } from '../cookies/refuse-cross-site.ts'
import { DEFAULT_PASSKEY_NAME } from '../factors/factor-schemas.ts'
import { limitedProblem, limitFactorChanges } from '../factors/limit-factor-changes.ts'
import { PasskeyCreation, PasskeyRegistration } from '../factors/passkey-schemas.ts'
import type { Route } from '../route.ts'
import { completeEnrolment, FactorTokens } from './complete-enrolment.ts'
import { Challenge, readWaiting } from './waiting-login.ts'

const problems = {
  UNAUTHENTICATED: 'The challenge is unknown, used or expired: sign in again.',
  FACTOR_REQUIRED: 'The account has a factor: answer the challenge with it.',
  FORBIDDEN: `Second factors or passkeys are turned off. ${crossSiteProblem}`,
  RATE_LIMITED: `The address sends too many credentials. ${limitedProblem}`
}

const asking = {
  operationId: 'askForFirstPasskey',
  summary: 'Begin to add a passkey to log in',
  description:
    'Returns the options with which the browser makes a passkey, for a login whose challenge has no factors because the account must add one.',
  tags: ['Factors'],
  successes: { 200: { description: 'The options of navigator.credentials.create().' } },
  problems
}

export const askForFirstPasskey: Route = (service, options) => {
  const { factors, throttling } = options
  service.post(
    '/login/factor/enrol/passkey/options',
    {
      schema: {
        ...asking,
        headers: PageHeaders,
        body: Type.Object(
          { challenge: Challenge },
          { additionalProperties: false, title: 'FirstPasskeyRequest' }
        ),
        response: { 200: PasskeyCreation }
      },
      onRequest: beforeCredentials(options)
    },
    async (request) => {
      const waiting = await factors.waiting(request.body.challenge)
      await limitFactorChanges(throttling.factors, waiting.account.id)
      return await factors.askForFirstPasskey(waiting)
    }
  )
}

const adding = {
  operationId: 'loginWithFirstPasskey',
  summary: 'Complete a login with a new passkey',
  description:
    'Stores the passkey that the browser has made for the challenge as the first factor of the account, creates ten recovery codes, ends every other session, and opens the session of the login.',
  tags: ['Factors'],
  successes: {
    200: {
      description: 'The tokens of the new session, and the recovery codes.',
      headers: setsRefreshCookie
    }
  },
  problems: {
    ...problems,
    INVALID_REQUEST:
      'The passkey is not valid: its challenge belongs to another login, has expired or was used; the origin of its page is not in AUTH_PASSKEY_ORIGINS; or its user was not verified.',
    CONFLICT: 'The passkey has already been added.'
  }
}

export const loginWithFirstPasskey: Route = (service, options) => {
  const { factors } = options
  service.post(
    '/login/factor/enrol/passkey',
    {
      schema: {
        ...adding,
        headers: PageHeaders,
        body: Type.Object(
          {
            challenge: Challenge,
            passkey: PasskeyRegistration,
            name: Type.Optional(FactorName)
          },
          { additionalProperties: false, title: 'FirstPasskey' }
        ),
        response: { 200: FactorTokens }
      },
      onRequest: beforeCredentials(options)
    },
    async (request, reply) => {
      const { challenge, passkey: given, name = DEFAULT_PASSKEY_NAME } = request.body
      const { waiting, by, login } = await readWaiting(request, challenge, options)
      const enrol = () => factors.enrolPasskey(waiting, { given, name }, by)
      return await completeEnrolment(request, reply, { enrol, by, login }, options)
    }
  )
}
