import { Type } from 'typebox'
import { noSuchUser } from '../../../../accounts/account-refusals.ts'
import { rightsFault, withAssigned } from '../../../../accounts/account-rights.ts'
import { invalidMember } from '../../../../refusals.ts'
import { operatorSource } from '../../access/operator-source.ts'
import type { OpsRoutes } from '../../ops-routes.ts'
import { findUser } from '../find-user.ts'
import { Roles } from '../roles-and-scopes.ts'
import { toUser, UserParams, UserResponse, userProblems } from '../user-response.ts'

/**
 * Replaces the roles of a user. The next access token has them, and earlier ones are stale. If the
 * new roles demand a second factor, sessions that have proved only the password end, so the next
 * login adds one. A repeat of the request ends them too.
 */
export const setRoles: OpsRoutes = (service, options) => {
  const { accounts, factors, revocations, sessions, clock } = options
  const { stale } = revocations
  service.put(
    '/users/:user/roles',
    {
      schema: {
        params: UserParams,
        operationId: 'setRoles',
        summary: 'Replace the roles',
        description:
          'Those of linked providers stay. The next access token has the roles, and earlier ones are stale. If the roles demand a second factor that the user does not have, every session of the user ends.',
        tags: ['Users'],
        successes: { 200: { description: 'The user.' } },
        problems: userProblems,
        body: Type.Object({ roles: Roles }, { additionalProperties: false, title: 'RolesChange' }),
        response: { 200: UserResponse }
      }
    },
    async (request) => {
      const account = await findUser(accounts, request.params.user)
      const { roles } = request.body
      const changed = withAssigned(account, { roles })
      const fault = rightsFault(changed)
      if (fault !== null) throw invalidMember('roles', fault)
      const source = operatorSource(request)
      const change = { stale: stale.now, source, clock }
      if (!(await accounts.changes.setRoles(account.id, roles, change))) throw noSuchUser()
      await stale.publish(account.id)
      if (account.factors === 0 && factors.isNeeded(changed)) {
        await sessions.endAll(account.id, null, source)
      }
      return { user: toUser(changed) }
    }
  )
}
