import { Type } from 'typebox'
import { noSuchUser } from '../../../../accounts/account-refusals.ts'
import { rightsFault } from '../../../../accounts/account-rights.ts'
import { invalidMember } from '../../../../refusals.ts'
import { operatorSource } from '../../access/operator-source.ts'
import type { OpsRoutes } from '../../ops-routes.ts'
import { findUser } from '../find-user.ts'
import { Scopes } from '../roles-and-scopes.ts'
import { toUser, UserParams, UserResponse, userProblems } from '../user-response.ts'

/** Replaces the scope of a user; the next access token has it, and earlier ones are stale. */
export const setScope: OpsRoutes = (service, { accounts, revocations, clock }) => {
  const { stale } = revocations
  service.put(
    '/users/:user/scope',
    {
      schema: {
        params: UserParams,
        operationId: 'setScope',
        summary: 'Replace the scope',
        description: 'The next access token has it, and earlier ones are stale.',
        tags: ['Users'],
        successes: { 200: { description: 'The user.' } },
        problems: userProblems,
        body: Type.Object({ scope: Scopes }, { additionalProperties: false, title: 'ScopeChange' }),
        response: { 200: UserResponse }
      }
    },
    async (request) => {
      const account = await findUser(accounts, request.params.user)
      const { scope } = request.body
      const fault = rightsFault({ ...account, scope })
      if (fault !== null) throw invalidMember('scope', fault)
      const change = { stale: stale.now, source: operatorSource(request), clock }
      if (!(await accounts.changes.setScope(account.id, scope, change))) throw noSuchUser()
      await stale.publish(account.id)
      return { user: toUser({ ...account, scope }) }
    }
  )
}
