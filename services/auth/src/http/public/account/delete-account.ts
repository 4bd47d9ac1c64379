import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { ifAvailable } from '../../../if-available.ts'
import { sessionEnded } from '../../../sessions/session-refusals.ts'
import { endedProblem, instant, iso, noAccountProblem, turnsProblem } from '../../fields.ts'
import { recentLogin } from '../factors/factor-schemas.ts'
import { ownAccount } from '../own-account.ts'
import { readerOf } from '../reader.ts'
import type { PublicRouteOptions, Route } from '../route.ts'

const Deletion = Type.Object(
  {
    deletionAt: instant('When the account is deleted, unless its user signs in before then.')
  },
  { title: 'AccountDeletion' }
)

const documented = {
  operationId: 'deleteAccount',
  summary: 'Delete your account',
  description: `Ends every session of the user, and notifies the user by mail. The account and the personal data in it are deleted after AUTH_DELETION_GRACE_DAYS. Until then, signing in keeps the account. ${recentLogin}`,
  tags: ['Accounts'],
  successes: { 202: { description: 'Every session has ended, and the account will be deleted.' } },
  problems: { SESSION_ENDED: endedProblem, FORBIDDEN: noAccountProblem, RATE_LIMITED: turnsProblem }
}

/** @throws Refusal SESSION_ENDED if the session has ended meanwhile */
async function requestDeletion(request: FastifyRequest, { accounts, mail }: PublicRouteOptions) {
  const { account, session: sid } = await ownAccount(request, accounts)
  const asker = { ...readerOf(request, mail), sid }
  const requested = await accounts.deletions.request(account, asker)
  if (requested === null) throw sessionEnded('the session has ended')
  return { id: account.id, ...requested }
}

/**
 * Needs no body, and no limit of its own: it ends the session that sends it, and a login is
 * limited. The database has stored the deletion and the ends before they are published.
 */
export const deleteAccount: Route = (service, options) => {
  const { sessions } = options
  const { stale } = options.revocations
  service.delete(
    '/account',
    { schema: { ...documented, response: { 202: Deletion } } },
    async (request, reply) => {
      const { id, deleteAfter, isErased, ended } = await requestDeletion(request, options)
      await ifAvailable(sessions.ends.publishAll(id, null, ended))
      await ifAvailable(stale.publish(id))
      if (isErased) await ifAvailable(sessions.scrub())
      return reply.code(202).send({ deletionAt: iso(deleteAfter) })
    }
  )
}
