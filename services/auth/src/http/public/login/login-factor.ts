import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Answerer } from '../../../factors/factor-answers.ts'
import type { FactorAnswer } from '../../../factors/factor-methods.ts'
import { factorRequired, oneAnswer } from '../../../factors/factor-refusals.ts'
import { ifPossible } from '../../../sessions/if-possible.ts'
import { setsRefreshCookie } from '../cookies/refresh-cookie.ts'
import { crossSiteProblem, PageHeaders, refuseCrossSite } from '../cookies/refuse-cross-site.ts'
import { refuseUnkeptCookie } from '../cookies/unkept-cookie.ts'
import { answerOf } from '../factors/factor-answer.ts'
import {
  DEFAULT_NAME,
  FactorName,
  NewTotp,
  RecoveryCode,
  RecoveryCodes,
  shownNewFactor,
  Totp
} from '../factors/factor-schemas.ts'
import { limitedProblem, limitFactorChanges } from '../factors/limit-factor-changes.ts'
import { PasskeyAssertion } from '../factors/passkey-schemas.ts'
import { readerOf } from '../reader.ts'
import type { PublicRouteOptions as Options, Route } from '../route.ts'
import { TokenResponse } from '../sessions/token-response.ts'
import { completeLogin, loginCaller } from './complete-login.ts'

const Challenge = Type.String({
  minLength: 1,
  maxLength: 128,
  description: 'The challenge of a login, which is answered once, within five minutes.',
  examples: ['q1mZ6ZpJ3nYt0Wm4a8kVx2q1mZ6ZpJ3nYt0Wm4a8kVx']
})

const Body = Type.Object(
  {
    challenge: Challenge,
    totp: Type.Optional(Totp),
    recoveryCode: Type.Optional(RecoveryCode),
    passkey: Type.Optional(PasskeyAssertion)
  },
  { additionalProperties: false, title: 'FactorAnswer' }
)

const Tokens = Type.Object(
  {
    ...TokenResponse.properties,
    recoveryCodes: Type.Optional(RecoveryCodes)
  },
  {
    title: 'FactorTokenResponse',
    description: 'The tokens of the new session, and the recovery codes of a first factor.'
  }
)

const documented = {
  operationId: 'loginWithFactor',
  summary: 'Complete a login with a second factor',
  description:
    'Opens the session of a login that waits for a second factor. Send exactly one of passkey, totp and recoveryCode. The refresh token is delivered as the login asked. A challenge has five attempts, and works once.',
  tags: ['Factors'],
  answers: { 200: { description: 'The tokens of the new session.', headers: setsRefreshCookie } },
  problems: {
    UNAUTHENTICATED: 'The challenge is unknown, used or expired: sign in again.',
    FACTOR_REQUIRED:
      'The code or the passkey is wrong, or was used before: answer the same challenge again.',
    FORBIDDEN: crossSiteProblem,
    RATE_LIMITED:
      'The address sends too many credentials, or somebody has guessed too often at the second factor of this account.'
  }
}

/** A login with everything that its password has proven. */
async function readWaiting(request: FastifyRequest, challenge: string, options: Options) {
  const { factors, mail, settings } = options
  const { guesses } = options.throttling
  const waiting = await factors.waiting(challenge)
  const { account } = waiting
  const { delivery } = waiting.challenge
  if (delivery === 'cookie') refuseUnkeptCookie(request, settings.cookieSameSite)
  const caller = loginCaller(request, account.email, account, options)
  const by: Answerer = { caller, ...readerOf(request, mail) }
  const { isKnown } = await guesses.by(caller)
  return { waiting, by, login: { account, caller, isKnown, delivery } }
}

/** Completes a login that adds the first factor of its account. */
async function enrolled(
  request: FastifyRequest,
  reply: FastifyReply,
  { waiting, by, login }: Awaited<ReturnType<typeof readWaiting>>,
  { answer, options }: { readonly answer: FactorAnswer; readonly options: Options }
) {
  const { factors, sessions } = options
  if (answer.method !== 'totp') throw oneAnswer()
  const { ended, ...enrolment } = await factors.enrol(waiting, answer.code, by)
  const { account, amr, recoveryCodes, succeeded } = enrolment
  if (ended.length > 0) await ifPossible(sessions.ends.publishAll(account.id, null, ended))
  const tokens = await completeLogin(request, reply, { ...login, account, amr }, options)
  await ifPossible(succeeded())
  return { ...tokens, recoveryCodes: [...recoveryCodes] }
}

export const loginFactor: Route = (service, options) => {
  const { factors, settings } = options
  const { guesses } = options.throttling
  service.post(
    '/login/factor',
    {
      schema: { ...documented, headers: PageHeaders, body: Body, response: { 200: Tokens } },
      onRequest: [refuseCrossSite(settings.allowsOrigin), options.limitAddress]
    },
    async (request, reply) => {
      const { challenge, ...given } = request.body
      const answer = answerOf(given)
      const read = await readWaiting(request, challenge, options)
      const { waiting, by, login } = read
      if (login.account.factors === 0) {
        const tokens = await enrolled(request, reply, read, { answer, options })
        await ifPossible(guesses.remember(by.caller))
        return tokens
      }
      const proven = await factors.answer(waiting, answer, by)
      const { amr, use: within } = proven
      const tokens = await completeLogin(request, reply, { ...login, amr, within }, options)
      // The session is open: what follows only makes the next login faster.
      await ifPossible(proven.succeeded())
      await ifPossible(guesses.remember(by.caller))
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
  answers: { 201: { description: 'The secret, which is not shown again.' } },
  problems: {
    UNAUTHENTICATED: 'The challenge is unknown, used or expired: sign in again.',
    FACTOR_REQUIRED: 'The account has a factor: answer the challenge with it.',
    FORBIDDEN: crossSiteProblem,
    RATE_LIMITED: `The address sends too many credentials. ${limitedProblem}`
  }
}

export const enrolAtLogin: Route = (service, options) => {
  const { factors, settings, throttling } = options
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
      onRequest: [refuseCrossSite(settings.allowsOrigin), options.limitAddress]
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
