import { requireIdentity } from '@gatehouse/identity/fastify'
import { Type } from 'typebox'
import { publicAccount } from '../../accounts/account.ts'
import { noAccount } from '../../accounts/account-refusals.ts'
import { sessionEnded } from '../../sessions/session-refusals.ts'
import { noAccountProblem, SessionId, turnsProblem } from '../fields.ts'
import type { Route } from './route.ts'
import { User } from './user-response.ts'

const Response = Type.Object(
  {
    user: User,
    session: Type.Object({ id: SessionId }, { description: 'The session of the access token.' })
  },
  { title: 'Me' }
)

const schema = {
  operationId: 'getMe',
  summary: 'Show the user',
  description: 'Shows the user and the session of the access token.',
  tags: ['Accounts'],
  response: { 200: Response },
  successes: { 200: { description: 'The user, and their current session.' } },
  problems: {
    SESSION_ENDED: 'The account was deleted.',
    FORBIDDEN: noAccountProblem,
    RATE_LIMITED: turnsProblem
  }
}

export const me: Route = (service, { accounts }) => {
  service.get('/me', { schema }, async (request) => {
    const { subject, session } = requireIdentity(request)
    if (session === null) throw noAccount()
    const account = await accounts.findById(subject)
    if (account === null) throw sessionEnded('no such account')
    return { user: publicAccount(account), session: { id: session } }
  })
}
