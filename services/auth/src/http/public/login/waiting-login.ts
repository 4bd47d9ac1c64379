import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Answerer } from '../../../factors/factor-answers.ts'
import type { WaitingLogin } from '../../../factors/login/answer-challenge.ts'
import { refuseUnkeptCookie } from '../cookies/unkept-cookie.ts'
import { loginCaller } from '../guess-callers.ts'
import { readerOf } from '../reader.ts'
import type { PublicRouteOptions as Options } from '../route.ts'
import type { ProvenCredentials } from './complete-login.ts'

export const Challenge = Type.String({
  minLength: 1,
  maxLength: 128,
  description: 'The challenge of a login, which is answered once, within five minutes.',
  examples: ['q1mZ6ZpJ3nYt0Wm4a8kVx2q1mZ6ZpJ3nYt0Wm4a8kVx']
})

/** A login that waits for a second factor, with all that it has proven before. */
export type ReadLogin = {
  readonly waiting: WaitingLogin
  readonly by: Answerer
  readonly login: Pick<ProvenCredentials, 'account' | 'caller' | 'isKnown' | 'delivery'>
}

/** @throws Refusal UNAUTHENTICATED if the challenge is unknown, used or expired */
export async function readWaiting(
  request: FastifyRequest,
  challenge: string,
  options: Options
): Promise<ReadLogin> {
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
