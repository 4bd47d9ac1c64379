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

type Enrolment = Pick<ReadLogin, 'by' | 'login'> & {
  /** Stores the factor. */
  readonly enrol: () => Promise<EnrolledLogin>
}

/**
 * Completes a login that adds the first factor of its account. The factor is stored before the
 * session is opened.
 * @throws Refusal UNAUTHENTICATED if the session store fails then: the same request would be
 * refused
 */
export async function completeEnrolment(
  request: FastifyRequest,
  reply: FastifyReply,
  { enrol, by, login }: Enrolment,
  options: Options
) {
  const { sessions, throttling } = options
  await sessions.ready()
  const { account, amr, recoveryCodes, ended, succeeded } = await enrol()
  if (ended.length > 0) await ifAvailable(sessions.ends.publishAll(account.id, null, ended))
  const tokens = await completeLogin(request, reply, { ...login, account, amr }, options).catch(
    (error: unknown) => {
      throw isUnavailable(error) ? signInAgain() : error
    }
  )
  await ifAvailable(succeeded())
  await ifAvailable(throttling.guesses.remember(by.caller))
  return { ...tokens, recoveryCodes: [...recoveryCodes] }
}
