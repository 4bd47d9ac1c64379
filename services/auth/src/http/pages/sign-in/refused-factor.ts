import type { FastifyReply } from 'fastify'
import type { PageOptions } from '../page-route.ts'
import type { Answer } from '../requests/ask.ts'
import { faultText } from '../visits/refusal-of.ts'
import type { Visit } from '../visits/visit.ts'
import { factorPage } from './factor-page.ts'
import { signInPage } from './sign-in-page.ts'
import type { WaitingLogin } from './waiting-login.ts'

type Refused = {
  readonly answer: Answer
  readonly login: WaitingLogin
  /** what was wrong with the proof, if the challenge can still be answered */
  readonly fault?: string
}

/** Asks for the factor again if the challenge can still be answered, and else for a new login. */
export async function refusedFactor(
  visit: Visit,
  options: PageOptions,
  { answer, login, fault }: Refused
): Promise<FastifyReply> {
  const { returnTo } = login
  if (answer.code === 'FACTOR_REQUIRED') {
    return factorPage(visit, options, {
      answer,
      returnTo,
      ...(fault === undefined ? {} : { fault })
    })
  }
  return signInPage(visit, options.offer, {
    returnTo,
    status: answer.status,
    fault: faultText(visit, answer, {
      UNAUTHENTICATED: 'loginExpired',
      INVALID_REQUEST: 'loginExpired',
      FORBIDDEN: 'factorsOff'
    })
  })
}
