import { Type } from 'typebox'
import { identityFault } from '../../accounts/identity-fault.ts'
import { PASSWORD_MAX_LENGTH, PASSWORD_MIN_LENGTH } from '../../accounts/password-rules.ts'
import { invalidMember } from '../../refusals.ts'
import { opsOrigin } from './ops-origin.ts'
import type { OpsRoutes } from './ops-routes.ts'
import { toUser, UserAnswer } from './user-response.ts'
import { Words } from './words.ts'

const Created = Type.Object(
  {
    email: Type.String({ minLength: 1, maxLength: 254 }),
    password: Type.String({ minLength: PASSWORD_MIN_LENGTH, maxLength: PASSWORD_MAX_LENGTH }),
    roles: Type.Optional(Words),
    scope: Type.Optional(Words)
  },
  { additionalProperties: false }
)

/** Creates a user, by the same rules as a registration. */
export const createUser: OpsRoutes = (service, { accounts, newUser }) => {
  service.post(
    '/users',
    { schema: { body: Created, response: { 201: UserAnswer } } },
    async (request, reply) => {
      const applicant = { ...newUser, ...request.body }
      const fault = identityFault(applicant)
      if (fault !== null) throw invalidMember('roles', fault)
      const account = await accounts.register(applicant, opsOrigin(request))
      return reply.code(201).send({ user: toUser(account) })
    }
  )
}
