import { Type } from 'typebox'
import { LONGEST_EMAIL } from '../../../accounts/email-addresses/email.ts'
import type { OpsRoutes } from '../ops-routes.ts'
import { Limit, readLimit, readPlace } from '../query-parameters.ts'
import { toUser, User } from './user-response.ts'

const Page = Type.Object({
  after: Type.String({
    default: '',
    maxLength: LONGEST_EMAIL,
    description: 'Only users with a later e-mail address: the value of next in the previous page.',
    examples: ['ada@example.com']
  }),
  limit: Limit
})

/** Lists the users in the order of their e-mail addresses, a page at a time. */
export const listUsers: OpsRoutes = (service, { accounts }) => {
  service.get(
    '/users',
    {
      schema: {
        operationId: 'listUsers',
        summary: 'List the users',
        description: 'Lists the users in the order of their e-mail addresses, a page at a time.',
        tags: ['Users'],
        successes: { 200: { description: 'A page of users.' } },
        querystring: Page,
        response: {
          200: Type.Object(
            {
              users: Type.Array(User, { description: 'By e-mail address.' }),
              next: Type.Union([Type.String({ examples: ['ada@example.com'] }), Type.Null()], {
                description: 'The value of after for the next page; null: this is the last page.'
              })
            },
            { title: 'Users' }
          )
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
