import { listedIdentities, shownIdentity } from '../../public/providers/provider-schemas.ts'
import type { OpsRoutes } from '../ops-routes.ts'
import { findUser } from './find-user.ts'
import { UserParams, userProblems } from './user-response.ts'

/** Lists the linked providers of a user. */
export const listUserIdentities: OpsRoutes = (service, { accounts, providers }) => {
  service.get(
    '/users/:user/identities',
    {
      schema: {
        operationId: 'listUserIdentities',
        summary: 'List the linked providers of a user',
        description: 'Lists the other providers with which a user can sign in.',
        tags: ['Users'],
        successes: { 200: { description: 'The linked providers, the oldest first.' } },
        problems: userProblems,
        params: UserParams,
        response: { 200: listedIdentities('UserIdentities') }
      }
    },
    async ({ params }) => {
      const account = await findUser(accounts, params.user)
      return { identities: (await providers.identities(account)).map(shownIdentity) }
    }
  )
}
