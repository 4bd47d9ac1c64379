import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { publicAccount } from '../accounts/account.ts'
import { openAccount } from '../accounts/open-account.ts'
import { PASSWORD_MAX_LENGTH, PASSWORD_MIN_LENGTH } from '../accounts/password-rules.ts'
import { registrationOff, registrationSignedIn } from '../refusals.ts'
import type { Route, RouteNeeds } from './needs.ts'
import { originOf } from './origin-of.ts'
import { refuseCrossSite } from './refuse-cross-site.ts'
import { UserResponse } from './user-response.ts'

const Body = Type.Object(
  {
    email: Type.String({ minLength: 1, maxLength: 254 }),
    password: Type.String({ minLength: PASSWORD_MIN_LENGTH, maxLength: PASSWORD_MAX_LENGTH })
  },
  { additionalProperties: false }
)

/**
 * Anonymous callers may register if registration is open. A signed-in caller got here through a
 * route that is not for registration: if an operator removes the public route of registration from
 * the table, a route that requires a token remains.
 */
const refuseUnlessOpen =
  ({ registration }: RouteNeeds) =>
  async ({ identity }: FastifyRequest): Promise<void> => {
    if (registration !== 'open') throw registrationOff()
    if (identity !== null) throw registrationSignedIn()
  }

export const register: Route = (service, needs) => {
  service.post(
    '/register',
    {
      schema: { body: Body, response: { 201: UserResponse } },
      onRequest: [refuseCrossSite(needs.allowsOrigin), refuseUnlessOpen(needs), needs.limitAddress]
    },
    async (request, reply) => {
      const applicant = { ...request.body, ...needs.newUser }
      const account = await openAccount(applicant, originOf(request), needs)
      return reply.code(201).send({ user: publicAccount(account) })
    }
  )
}
