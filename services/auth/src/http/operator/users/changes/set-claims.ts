import { Type } from 'typebox'
import { claimsFault } from '../../../../accounts/account-claims.ts'
import { noSuchUser } from '../../../../accounts/account-refusals.ts'
import { rightsFault, withAssigned } from '../../../../accounts/account-rights.ts'
import { invalidMember } from '../../../../refusals.ts'
import { Claims } from '../../../fields.ts'
import { operatorSource } from '../../access/operator-source.ts'
import type { OpsRoutes } from '../../ops-routes.ts'
import { findUser } from '../find-user.ts'
import { toUser, UserParams, UserResponse, userProblems } from '../user-response.ts'

/** Replaces the claims of a user. The next access token has them, and earlier ones are stale. */
export const setClaims: OpsRoutes = (service, { accounts, revocations, clock }) => {
  const { stale } = revocations
  service.put(
    '/users/:user/claims',
    {
      schema: {
        params: UserParams,
        operationId: 'setClaims',
        summary: 'Replace the claims',
        description:
          'Those of linked providers stay. The next access token has the claims, and earlier ones are stale.',
        tags: ['Users'],
        successes: { 200: { description: 'The user.' } },
        problems: userProblems,
        body: Type.Object(
          { claims: Claims },
          { additionalProperties: false, title: 'ClaimsChange' }
        ),
        response: { 200: UserResponse }
      }
    },
    async (request) => {
      const account = await findUser(accounts, request.params.user)
      const { claims } = request.body
      const changed = withAssigned(account, { claims })
      const fault = claimsFault(claims) ?? rightsFault(changed)
      if (fault !== null) throw invalidMember('claims', fault)
      const change = { stale: stale.now, source: operatorSource(request), clock }
      if (!(await accounts.changes.setClaims(account.id, claims, change))) throw noSuchUser()
      await stale.publish(account.id)
      return { user: toUser(changed) }
    }
  )
}
