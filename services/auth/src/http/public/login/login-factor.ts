import { Type } from 'typebox'
import { factorRequired, oneAnswer } from '../../../factors/factor-refusals.ts'
import { ifAvailable } from '../../../if-available.ts'
import { FactorName } from '../../factor-response.ts'
import { beforeCredentials } from '../before-credentials.ts'
import { setsRefreshCookie } from '../cookies/refresh-cookie.ts'
import { crossSiteProblem, PageHeaders } from '../cookies/refuse-cross-site.ts'
import { answerOf, factorProof } from '../factors/factor-answer.ts'
import { DEFAULT_NAME, NewTotp, shownNewFactor } from '../factors/factor-schemas.ts'
import { limitedProblem, limitFactorChanges } from '../factors/limit-factor-changes.ts'
import type { Route } from '../route.ts'
import { completeEnrolment, FactorTokens } from './complete-enrolment.ts'
import { completeLogin } from './complete-login.ts'
import { Challenge, readWaiting } from './waiting-login.ts'

const Body = Type.Object(
  {
    challenge: Challenge,
    ...factorProof
  },
  { additionalProperties: false, title: 'FactorAnswer' }
)

const documented = {
  operationId: 'loginWithFactor',
  summary: 'Complete a login with a second factor',
  description:
    'Opens the session of a login that waits for a second factor. Send exactly one of passkey, totp and recoveryCode. The refresh token is delivered as the login asked. A challenge has five attempts, and works once.',
  tags: ['Factors'],
  successes: { 200: { description: 'The tokens of the new session.', headers: setsRefreshCookie } },
  problems: {
    UNAUTHENTICATED: 'The challenge is unknown, used or expired: sign in again.',
    FACTOR_REQUIRED:
      'The code or the passkey is wrong, or was used before: answer the same challenge again.',
    FORBIDDEN: crossSiteProblem,
    RATE_LIMITED:
      'The address sends too many credentials, or somebody has guessed too often at the second factor of this account.'
  }
}

export const loginFactor: Route = (service, options) => {
  const { factors } = options
  const { guesses } = options.throttling
  service.post(
    '/login/factor',
    {
      schema: { ...documented, headers: PageHeaders, body: Body, response: { 200: FactorTokens } },
      onRequest: beforeCredentials(options)
    },
    async (request, reply) => {
      const { challenge, ...given } = request.body
      const answer = answerOf(given)
      const { waiting, by, login } = await readWaiting(request, challenge, options)
      if (login.account.factors === 0) {
        if (answer.method !== 'totp') throw oneAnswer()
        const enrol = () => factors.enrol(waiting, answer.code, by)
        return await completeEnrolment(request, reply, { enrol, by, login }, options)
      }
      const proven = await factors.answer(waiting, answer, by)
      const { amr, use } = proven
      const tokens = await completeLogin(request, reply, { ...login, amr, within: [use] }, options)
      // The session is open: what follows only makes the next login faster.
      await ifAvailable(proven.succeeded())
      await ifAvailable(guesses.remember(by.caller))
      return tokens
    }
  )
}

const enrolling = {
  operationId: 'enrolAtLogin',
  summary: 'Add an authenticator app to log in',
  description:
    'Creates the secret of the first authenticator of an account, for a login whose challenge has no factors because the account must add one. The first code of the authenticator completes the login.',
  tags: ['Factors'],
  successes: { 201: { description: 'The secret, which is not shown again.' } },
  problems: {
    UNAUTHENTICATED: 'The challenge is unknown, used or expired: sign in again.',
    FACTOR_REQUIRED: 'The account has a factor: answer the challenge with it.',
    FORBIDDEN: crossSiteProblem,
    RATE_LIMITED: `The address sends too many credentials. ${limitedProblem}`
  }
}

export const enrolAtLogin: Route = (service, options) => {
  const { factors, throttling } = options
  service.post(
    '/login/factor/enrol',
    {
      schema: {
        ...enrolling,
        headers: PageHeaders,
        body: Type.Object(
          { challenge: Challenge, name: Type.Optional(FactorName) },
          { additionalProperties: false, title: 'EnrolmentAtLogin' }
        ),
        response: { 201: NewTotp }
      },
      onRequest: beforeCredentials(options)
    },
    async (request, reply) => {
      const { account, shown } = await factors.waiting(request.body.challenge)
      if (account.factors > 0) throw factorRequired(shown)
      await limitFactorChanges(throttling.factors, account.id)
      const { name = DEFAULT_NAME } = request.body
      const added = await factors.add(account, { name, sid: null })
      return reply.code(201).send(shownNewFactor(added))
    }
  )
}
