import { Type } from 'typebox'
import type { OpsRoutes } from './ops-routes.ts'
import { Limit, readLimit, readPlace } from './query-parameters.ts'
import { toUser, User } from './user-response.ts'

const Page = Type.Object({
  after: Type.String({ default: '', maxLength: 254 }),
  limit: Limit
})

/** Lists the users in the order of their e-mail addresses, a page at a time. */
export const listUsers: OpsRoutes = (service, { accounts }) => {
  service.get(
    '/users',
    {
      schema: {
        querystring: Page,
        response: {
          200: Type.Object({
            users: Type.Array(User),
            next: Type.Union([Type.String(), Type.Null()])
          })
        }
      }
    },
    async ({ query }) => {
      const limit = readLimit(query.limit)
      const found = await accounts.list({ after: readPlace('after', query.after), limit })
      return {
        users: found.map(toUser),
        next: found.length < limit ? null : (found.at(-1)?.email ?? null)
      }
    }
  )
}
