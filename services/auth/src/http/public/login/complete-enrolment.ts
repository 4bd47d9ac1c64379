import { isUnavailable } from '@gatehouse/problem/refusal'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { signInAgain } from '../../../factors/factor-refusals.ts'
import type { EnrolledLogin } from '../../../factors/login/login-enrolment.ts'
import { ifAvailable } from '../../../if-available.ts'
import { RecoveryCodes } from '../factors/factor-schemas.ts'
import type { PublicRouteOptions as Options } from '../route.ts'
import { TokenResponse } from '../token-response.ts'
import { completeLogin } from './complete-login.ts'
import type { ReadLogin } from './waiting-login.ts'

export const FactorTokens = Type.Object(
  {
    ...TokenResponse.properties,
    recoveryCodes: Type.Optional(RecoveryCodes)
  },
  {
    title: 'FactorTokenResponse',
    description: 'The tokens of the new session, and the recovery codes of a first factor.'
  }
)

type Enrolment = {
  readonly enrolled: Omit<EnrolledLogin, 'ended'>
  readonly login: ReadLogin['login']
  readonly options: Options
}

/**
 * Completes a login that has added the first factor of its account.
 * @throws Refusal UNAUTHENTICATED if the session store fails now: the same request would be refused
 */
export async function completeEnrolment(
  request: FastifyRequest,
  reply: FastifyReply,
  { enrolled, login, options }: Enrolment
) {
  const { account, amr, recoveryCodes, succeeded } = enrolled
  const tokens = await completeLogin(request, reply, { ...login, account, amr }, options).catch(
    (error: unknown) => {
      throw isUnavailable(error) ? signInAgain() : error
    }
  )
  await ifAvailable(succeeded())
  return { ...tokens, recoveryCodes: [...recoveryCodes] }
}
