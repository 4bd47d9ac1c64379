import { Type } from 'typebox'
import { IdentityParams } from '../../../public/providers/provider-schemas.ts'
import { operatorSource } from '../../access/operator-source.ts'
import type { OpsRoutes } from '../../ops-routes.ts'
import { findUser } from '../find-user.ts'
import { UserParams } from '../user-response.ts'

/** Removes a linked provider of a user. */
export const unlinkUserIdentity: OpsRoutes = (service, { accounts, providers, mail, clock }) => {
  service.delete(
    '/users/:user/identities/:id',
    {
      schema: {
        operationId: 'unlinkUserIdentity',
        summary: 'Unlink a provider of a user',
        description:
          'Removes a linked provider of a user, even if nothing else opens a session, and notifies the user by mail. Sessions continue.',
        tags: ['Users'],
        successes: { 204: { description: 'The provider is no longer linked.' } },
        problems: { NOT_FOUND: 'There is no such user, or no such linked provider.' },
        params: Type.Object({ ...UserParams.properties, ...IdentityParams.properties }),
        response: { 204: Type.Null() }
      }
    },
    async (request, reply) => {
      const { user, id } = request.params
      const account = await findUser(accounts, user)
      const source = operatorSource(request)
      const change = { source, clock, language: mail.languageFor(undefined) }
      await providers.unlink(account, { id, sid: null }, change)
      return reply.code(204).send(null)
    }
  )
}
