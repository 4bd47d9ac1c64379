import { Type } from 'typebox'
import { hashName } from '../../../accounts/passwords/hashes/hash-kinds.ts'
import type { OpsRoutes } from '../ops-routes.ts'
import { findUser } from './find-user.ts'
import { toUser, User, UserParams, userProblems } from './user-response.ts'

const Shown = Type.Object(
  {
    user: User,
    passwordHash: Type.String({
      description:
        'The kind of the stored hash: argon2id. For an imported user who has not signed in yet, another kind or none.',
      examples: ['argon2id']
    }),
    sessions: Type.Integer({ description: 'How many sessions are live.', examples: [2] }),
    providers: Type.Array(Type.String({ examples: ['google'] }), {
      description: 'The linked providers: their ids, or the issuers of those no longer configured.'
    })
  },
  { title: 'ShownUser' }
)

/** One user, by id or e-mail address. */
export const showUser: OpsRoutes = (service, { accounts, providers, sessions }) => {
  service.get(
    '/users/:user',
    {
      schema: {
        operationId: 'showUser',
        summary: 'Show a user',
        description: 'Shows one user.',
        tags: ['Users'],
        successes: { 200: { description: 'The user.' } },
        problems: userProblems,
        params: UserParams,
        response: { 200: Shown }
      }
    },
    async ({ params }) => {
      const account = await findUser(accounts, params.user)
      const live = await sessions.list(account.id)
      const linked = await providers.identities(account)
      return {
        user: toUser(account),
        passwordHash: hashName(account.passwordHash),
        sessions: live.length,
        providers: linked.map(({ provider, row }) => provider ?? row.issuer)
      }
    }
  )
}
