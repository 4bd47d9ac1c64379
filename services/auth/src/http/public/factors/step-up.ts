import { type Static, Type } from 'typebox'
import { stepUpProof } from '../../../factors/factor-refusals.ts'
import { BY_PASSWORD } from '../../../sessions/authentication.ts'
import { sessionEnded } from '../../../sessions/session-refusals.ts'
import { currentPassword, endedProblem, noAccountProblem } from '../../fields.ts'
import { requestSourceOf } from '../../request-source.ts'
import { sessionCaller } from '../guess-callers.ts'
import { ownAccount } from '../own-account.ts'
import { readerOf } from '../reader.ts'
import type { Route } from '../route.ts'
import { answerOf, factorProof } from './factor-answer.ts'

const Body = Type.Object(
  {
    password: Type.Optional(
      currentPassword('The password, for an account without a second factor.')
    ),
    ...factorProof
  },
  { additionalProperties: false, title: 'StepUp' }
)

const documented = {
  operationId: 'stepUp',
  summary: 'Prove again who you are',
  description:
    'Strengthens the current session, for a route that answers insufficient_user_authentication (RFC 9470). Send a second factor, or the password if the account has none. The access token of the next refresh has the new auth_time, acr and amr.',
  tags: ['Factors'],
  successes: { 204: { description: 'The session is strengthened: refresh it.' } },
  problems: {
    UNAUTHENTICATED: 'The password, the code or the passkey is wrong, or was used before.',
    SESSION_ENDED: endedProblem,
    FORBIDDEN: noAccountProblem,
    RATE_LIMITED: 'The address sends too many credentials, or guesses at the account come too fast.'
  }
}

type Proof = Static<typeof Body>

/** Null: the password. */
function factorOf({ password, totp, recoveryCode, passkey }: Proof, hasFactor: boolean) {
  const given = [password, totp, recoveryCode, passkey].filter((one) => one !== undefined).length
  if (given !== 1 || hasFactor === (password !== undefined)) throw stepUpProof(hasFactor)
  if (password !== undefined) return null
  return answerOf({ totp, recoveryCode, passkey })
}

/** A stolen access token is not enough, and guesses here are slowed like guesses at login. */
export const stepUp: Route = (service, options) => {
  const { accounts, factors, mail, sessions } = options
  service.post(
    '/step-up',
    {
      schema: { ...documented, body: Body, response: { 204: Type.Null() } },
      onRequest: options.limitAddress
    },
    async (request, reply) => {
      const { account, session: sid } = await ownAccount(request, accounts)
      const answer = factorOf(request.body, account.factors > 0)
      const source = requestSourceOf(request)
      const caller = sessionCaller(account, sid, source)
      if (answer !== null) {
        await factors.stepUp(account, sid, answer, { caller, ...readerOf(request, mail) })
        return reply.code(204).send(null)
      }
      const { password = '' } = request.body
      await accounts.checkCredentials({ account, password, sid, caller, source })
      const strengthened = { subject: account.id, sid, amr: BY_PASSWORD, source }
      if (!(await sessions.strengthen(strengthened))) throw sessionEnded('the session has ended')
      return reply.code(204).send(null)
    }
  )
}
