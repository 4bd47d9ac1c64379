import { Type } from 'typebox'
import { noSuchUser } from '../../../accounts/account-refusals.ts'
import { Ended, uuid } from '../../fields.ts'
import { PendingApproval, pendingResponse } from '../access/approval-response.ts'
import { operatorSource } from '../access/operator-source.ts'
import type { OpsRoutes } from '../ops-routes.ts'
import { findUser } from './find-user.ts'
import { UserParams, userProblems } from './user-response.ts'

const Deleted = Type.Object(
  { id: uuid('The id that the account had.'), ended: Ended },
  { title: 'DeletedUser' }
)

/** Deletes a user and their personal data (GDPR, article 17), and ends every session. */
export const deleteUser: OpsRoutes = (service, options) => {
  const { accounts, sessions, clock } = options
  const { stale } = options.revocations
  service.delete(
    '/users/:user',
    {
      schema: {
        operationId: 'deleteUser',
        summary: 'Delete a user',
        description:
          'Deletes a user and their personal data (GDPR, article 17), and ends every session.',
        tags: ['Users'],
        successes: { 200: { description: 'The user was deleted.' }, 202: pendingResponse },
        problems: userProblems,
        params: UserParams,
        response: { 200: Deleted, 202: PendingApproval }
      }
    },
    async (request) => {
      const { id } = await findUser(accounts, request.params.user)
      const change = { stale: stale.now, source: operatorSource(request), clock }
      const sids = await accounts.changes.erase(id, change)
      if (sids === null) throw noSuchUser()
      await sessions.ends.publishAll(id, null, sids)
      await sessions.scrub()
      await stale.publish(id)
      return { id, ended: sids.length }
    }
  )
}
