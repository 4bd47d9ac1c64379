import { Type } from 'typebox'
import type { OwnIdentity } from '../../../providers/providers.ts'
import { Identity, shownIdentity } from '../../public/providers/provider-schemas.ts'
import type { OpsRoutes } from '../ops-routes.ts'
import { findUser } from './find-user.ts'
import { UserParams, userProblems } from './user-response.ts'

const text = (description: string, example: string) =>
  Type.String({ description, examples: [example] })

const from = {
  claim: text('The claim of the provider from which it comes.', 'groups'),
  value: Type.Unknown({
    description: 'The value of that claim, or one value of its list.',
    examples: ['editors']
  })
}

const Linked = Type.Object(
  {
    ...Identity.properties,
    provided: Type.Object(
      {
        roles: Type.Array(Type.Object({ role: text('The role.', 'editor'), ...from }), {
          description: 'The roles that roleMapping gives.'
        }),
        claims: Type.Array(
          Type.Object({ name: text('The claim of the user.', 'tenant_id'), ...from }),
          { description: 'The claims that claimMapping gives.' }
        )
      },
      {
        title: 'MappedRights',
        description:
          'What the provider gave at the last login there, by its mapping. It counts if the link opens a session, and if all rights of the user fit in a token.'
      }
    )
  },
  { title: 'UserIdentity', description: 'A linked provider of a user, with the rights it gives.' }
)

const NOTHING = { roles: [], claims: [] }

const shown = (own: OwnIdentity) => ({
  ...shownIdentity(own),
  provided: own.row.provided === null ? NOTHING : JSON.parse(own.row.provided)
})

/** Lists the linked providers of a user. */
export const listUserIdentities: OpsRoutes = (service, { accounts, providers }) => {
  service.get(
    '/users/:user/identities',
    {
      schema: {
        operationId: 'listUserIdentities',
        summary: 'List the linked providers of a user',
        description:
          'Lists the other providers with which a user can sign in, and the rights that each gives.',
        tags: ['Users'],
        successes: { 200: { description: 'The linked providers, the oldest first.' } },
        problems: userProblems,
        params: UserParams,
        response: {
          200: Type.Object(
            { identities: Type.Array(Linked, { description: 'The oldest first.' }) },
            { title: 'UserIdentities' }
          )
        }
      }
    },
    async ({ params }) => {
      const account = await findUser(accounts, params.user)
      return { identities: (await providers.identities(account)).map(shown) }
    }
  )
}
