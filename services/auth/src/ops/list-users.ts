import { Type } from 'typebox'
import type { OpsRoutes } from './ops-api.ts'
import { toUser, User } from './user-response.ts'

const Page = Type.Object({
  after: Type.String({ default: '', maxLength: 254 }),
  limit: Type.String({ default: '100', pattern: '^([1-9]\\d{0,2}|1000)$' })
})

/** The users in the order of their e-mail addresses, a page at a time. */
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
      const limit = Number(query.limit)
      const found = await accounts.list({ after: query.after, limit })
      return {
        users: found.map(toUser),
        next: found.length < limit ? null : (found.at(-1)?.email ?? null)
      }
    }
  )
}
