import { Type } from 'typebox'
import { identityFault } from '../../../accounts/identity-fault.ts'
import { invalidMember } from '../../../refusals.ts'
import { Email, newPassword } from '../../fields.ts'
import { operatorSource } from '../access/operator-source.ts'
import type { OpsRoutes } from '../ops-routes.ts'
import { Roles, Scopes } from './roles-and-scopes.ts'
import { toUser, UserResponse } from './user-response.ts'

const Created = Type.Object(
  {
    email: Email,
    password: newPassword('The password of the account.'),
    roles: Type.Optional(Roles),
    scope: Type.Optional(Scopes)
  },
  { additionalProperties: false, title: 'NewUser' }
)

/** Creates a user, by the same rules as a registration. */
export const createUser: OpsRoutes = (service, { accounts, newUser }) => {
  service.post(
    '/users',
    {
      schema: {
        operationId: 'createUser',
        summary: 'Create a user',
        description:
          'Creates a user, by the rules of a registration. Roles and scope default to those of a new user.',
        tags: ['Users'],
        successes: { 201: { description: 'The new user.' } },
        problems: { CONFLICT: 'The e-mail address is taken.' },
        body: Created,
        response: { 201: UserResponse }
      }
    },
    async (request, reply) => {
      const applicant = { ...newUser, ...request.body, emailVerified: true }
      const fault = identityFault(applicant)
      if (fault !== null) throw invalidMember('roles', fault)
      const account = await accounts.register(applicant, operatorSource(request))
      return reply.code(201).send({ user: toUser(account) })
    }
  )
}
