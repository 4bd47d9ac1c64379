import { clientNetwork } from '@gatehouse/edge-headers/client-network'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { publicAccount } from '../accounts/account.ts'
import { identityFault } from '../accounts/identity-fault.ts'
import { openAccount } from '../accounts/open-account.ts'
import { PASSWORD_MAX_LENGTH, PASSWORD_MIN_LENGTH } from '../accounts/password-rules.ts'
import { invitationNeeded } from '../invitations/invitation-refusals.ts'
import { invitedAccounts } from '../invitations/invited-accounts.ts'
import { invalidMember, registrationOff, registrationSignedIn } from '../refusals.ts'
import type { Route, RouteNeeds } from './needs.ts'
import { originOf } from './origin-of.ts'
import { refuseCrossSite } from './refuse-cross-site.ts'
import { UserResponse } from './user-response.ts'

const Body = Type.Object(
  {
    email: Type.String({ minLength: 1, maxLength: 254 }),
    password: Type.String({ minLength: PASSWORD_MIN_LENGTH, maxLength: PASSWORD_MAX_LENGTH }),
    /** the secret of an invitation; required with AUTH_REGISTRATION=invite */
    invitation: Type.Optional(Type.String({ minLength: 1, maxLength: 128 }))
  },
  { additionalProperties: false }
)

/**
 * Anonymous callers may register unless registration is off. A signed-in caller got here through a
 * route that is not for registration: if an operator removes the public route of registration from
 * the table, a route that requires a token remains.
 */
const refuseIfOff =
  ({ registration }: RouteNeeds) =>
  async ({ identity }: FastifyRequest): Promise<void> => {
    if (registration === 'off' || registration === 'closed') throw registrationOff()
    if (identity !== null) throw registrationSignedIn()
  }

export const register: Route = (service, needs) => {
  service.post(
    '/register',
    {
      schema: { body: Body, response: { 201: UserResponse } },
      onRequest: [refuseCrossSite(needs.allowsOrigin), refuseIfOff(needs), needs.limitAddress]
    },
    async (request, reply) => {
      const { invitation: secret, ...person } = request.body
      const origin = originOf(request)
      if (secret === undefined) {
        if (needs.registration === 'invite') throw invitationNeeded()
        const account = await openAccount({ ...person, ...needs.newUser }, origin, needs)
        return reply.code(201).send({ user: publicAccount(account) })
      }
      const network = clientNetwork(origin.address)
      const { email } = person
      const invitation = await needs.checkInvitation({ secret, email, network, origin })
      const applicant = {
        ...person,
        roles: invitation.roles ?? needs.newUser.roles,
        scope: invitation.scope ?? needs.newUser.scope
      }
      const fault = identityFault(applicant)
      if (fault !== null) throw invalidMember('email', fault)
      const accounts = invitedAccounts(needs, invitation)
      const account = await openAccount(applicant, origin, { ...needs, accounts })
      return reply.code(201).send({ user: publicAccount(account) })
    }
  )
}
