import { Type } from 'typebox'
import type { OpsRoutes } from '../ops-routes.ts'
import { Limit, readLimit } from '../query-parameters.ts'
import { toUser, User } from './user-response.ts'

const Page = Type.Object({ limit: Limit })

/** The accounts that will be deleted because their users asked for it. */
export const listDeletions: OpsRoutes = (service, { accounts }) => {
  service.get(
    '/deletions',
    {
      schema: {
        operationId: 'listDeletions',
        summary: 'List the coming deletions of accounts',
        description:
          'Lists the accounts whose users asked to delete them. A disabled account is not deleted until it is enabled, and enabling an account keeps it.',
        tags: ['Users'],
        successes: { 200: { description: 'The accounts.' } },
        querystring: Page,
        response: {
          200: Type.Object(
            {
              users: Type.Array(User, {
                description: 'The users. Those that will be deleted next come first.'
              })
            },
            { title: 'Deletions' }
          )
        }
      }
    },
    async ({ query }) => ({
      users: (await accounts.deletions.coming({ limit: readLimit(query.limit) })).map(toUser)
    })
  )
}
