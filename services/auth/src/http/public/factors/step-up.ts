import { type Static, Type } from 'typebox'
import { stepUpProof } from '../../../factors/factor-refusals.ts'
import { BY_PASSWORD } from '../../../sessions/authentication.ts'
import { sessionEnded } from '../../../sessions/session-refusals.ts'
import { currentPassword, endedProblem, exchange, noAccountProblem } from '../../fields.ts'
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
    provider: Type.Optional(
      Type.Object(exchange, {
        additionalProperties: false,
        title: 'StepUpProvider',
        description:
          'A login at a linked provider that began with prompt=login, for an account without a second factor.'
      })
    ),
    ...factorProof
  },
  { additionalProperties: false, title: 'StepUp' }
)

const documented = {
  operationId: 'stepUp',
  summary: 'Prove again who you are',
  description:
    'Strengthens the current session, for a route that answers insufficient_user_authentication (RFC 9470). Send a second factor; or, if the account has none, the password or the code of a login at a linked provider that began with prompt=login. The access token of the next refresh has the new auth_time, acr and amr.',
  tags: ['Factors'],
  successes: { 204: { description: 'The session is strengthened: refresh it.' } },
  problems: {
    INVALID_REQUEST:
      'The proof is not one that the account requires, or the login at the provider began without prompt=login.',
    UNAUTHENTICATED:
      'The password, the code or the passkey is wrong, or was used before; or somebody else has come back from the provider.',
    SESSION_ENDED: endedProblem,
    FORBIDDEN: `The provider has not verified an address of an allowed domain. ${noAccountProblem}`,
    RATE_LIMITED: 'The address sends too many credentials, or guesses at the account come too fast.'
  }
}

type Proof = Static<typeof Body>

/** Null: the password, or the provider. */
function factorOf({ password, provider, ...factor }: Proof, hasFactor: boolean) {
  const given = [password, provider, ...Object.values(factor)].filter((one) => one !== undefined)
  const isFirst = password !== undefined || provider !== undefined
  if (given.length !== 1 || hasFactor === isFirst) throw stepUpProof(hasFactor)
  return isFirst ? null : answerOf(factor)
}

/** A stolen access token is not enough, and guesses here are slowed like guesses at login. */
export const stepUp: Route = (service, options) => {
  const { accounts, factors, mail, providers, sessions } = options
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
      const { password = '', provider } = request.body
      if (provider !== undefined) {
        await providers.stepUp({ account, sid }, provider, readerOf(request, mail))
        return reply.code(204).send(null)
      }
      await accounts.checkCredentials({ account, password, sid, caller, source })
      const strengthened = { subject: account.id, sid, amr: BY_PASSWORD, source }
      if (!(await sessions.strengthen(strengthened))) throw sessionEnded('the session has ended')
      return reply.code(204).send(null)
    }
  )
}
