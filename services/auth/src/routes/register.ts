import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { publicAccount } from '../accounts/account.ts'
import { openAccount } from '../accounts/open-account.ts'
import { PASSWORD_MAX_LENGTH, PASSWORD_MIN_LENGTH } from '../accounts/password-rules.ts'
import { registrationOff, registrationSignedIn } from '../refusals.ts'
import type { Route, RouteNeeds } from './needs.ts'
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
 * Registration is for strangers, where it is open. Somebody who is signed in comes by a route that was not meant for it: an
 * operator who takes the public route of registration out of the table leaves one that demands a token.
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
      const account = await openAccount({ ...request.body, ...needs.newUser }, needs)
      return reply.code(201).send({ user: publicAccount(account) })
    }
  )
}
