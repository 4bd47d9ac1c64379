import { Type } from 'typebox'
import { noSuchUser } from '../../../accounts/account-refusals.ts'
import { identityFault } from '../../../accounts/identity-fault.ts'
import { invalidMember } from '../../../refusals.ts'
import { operatorSource } from '../operator-source.ts'
import type { OpsRoutes } from '../ops-routes.ts'
import { findUser } from './find-user.ts'
import { Roles } from './roles-and-scopes.ts'
import { toUser, UserAnswer, UserParams, userProblems } from './user-response.ts'

/** Replaces the roles of a user. The next access token has them, and earlier ones are stale. */
export const setRoles: OpsRoutes = (service, { accounts, revocations, clock }) => {
  const { stale } = revocations
  service.put(
    '/users/:user/roles',
    {
      schema: {
        params: UserParams,
        operationId: 'setRoles',
        summary: 'Replace the roles',
        description: 'The next access token has them, and earlier ones are stale.',
        tags: ['Users'],
        answers: { 200: { description: 'The user.' } },
        problems: userProblems,
        body: Type.Object({ roles: Roles }, { additionalProperties: false, title: 'RolesChange' }),
        response: { 200: UserAnswer }
      }
    },
    async (request) => {
      const account = await findUser(accounts, request.params.user)
      const { roles } = request.body
      const fault = identityFault({ ...account, roles })
      if (fault !== null) throw invalidMember('roles', fault)
      const change = { stale: stale.now, source: operatorSource(request), clock }
      if (!(await accounts.changes.setRoles(account.id, roles, change))) throw noSuchUser()
      await stale.publish(account.id)
      return { user: toUser({ ...account, roles }) }
    }
  )
}
