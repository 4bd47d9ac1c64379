import { listedFactors, shownFactors } from '../../factor-response.ts'
import type { OpsRoutes } from '../ops-routes.ts'
import { findUser } from './find-user.ts'
import { UserParams, userProblems } from './user-response.ts'

/** Lists the second factors of a user. */
export const listUserFactors: OpsRoutes = (service, { accounts, factors }) => {
  service.get(
    '/users/:user/factors',
    {
      schema: {
        operationId: 'listUserFactors',
        summary: 'List the second factors of a user',
        description: 'Lists the second factors of a user, without their secrets.',
        tags: ['Users'],
        successes: { 200: { description: 'The factors, the oldest first.' } },
        problems: userProblems,
        params: UserParams,
        response: { 200: listedFactors('UserFactors') }
      }
    },
    async ({ params }) => {
      const { id } = await findUser(accounts, params.user)
      return shownFactors(await factors.list(id))
    }
  )
}
