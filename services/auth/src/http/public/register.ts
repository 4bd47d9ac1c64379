import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { publicAccount } from '../../accounts/account.ts'
import { identityFault } from '../../accounts/identity-fault.ts'
import type { AuthSettings } from '../../app-settings.ts'
import { invitationNeeded } from '../../invitations/invitation-refusals.ts'
import { invalidMember, registrationOff, registrationSignedIn } from '../../refusals.ts'
import { Email, newPassword } from '../fields.ts'
import { requestSourceOf } from '../request-source.ts'
import { crossSiteProblem, PageHeaders, refuseCrossSite } from './refuse-cross-site.ts'
import type { Route } from './route.ts'
import { UserResponse } from './user-response.ts'

const Body = Type.Object(
  {
    email: Email,
    password: newPassword('The password of the account.'),
    invitation: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 128,
        description: 'The secret of an invitation. Required with AUTH_REGISTRATION=invite.',
        examples: ['inv_q1mZ6ZpJ3nYt0Wm4a8kVx2']
      })
    )
  },
  { additionalProperties: false, title: 'Registration' }
)

const documented = {
  operationId: 'register',
  summary: 'Create an account',
  description: 'Creates an account. It opens no session: sign in next.',
  tags: ['Accounts'],
  answers: { 201: { description: 'The new account.' } },
  problems: {
    FORBIDDEN: `Registration is off, or needs a valid invitation; or a signed-in user sent the request. ${crossSiteProblem}`,
    CONFLICT: 'The e-mail address is taken.',
    RATE_LIMITED: 'The address sends too many credentials.'
  }
}

/**
 * Anonymous callers may register unless registration is off. Signed-in callers may not: if an
 * operator removes the public route for registration from the table, the path still belongs to a
 * route that requires a token, and registration must not continue there.
 */
const refuseIfOff =
  ({ registration }: Pick<AuthSettings, 'registration'>) =>
  async ({ identity }: FastifyRequest): Promise<void> => {
    if (registration === 'off' || registration === 'closed') throw registrationOff()
    if (identity !== null) throw registrationSignedIn()
  }

export const register: Route = (service, options) => {
  const { accounts, invitations, settings } = options
  const { newUser } = settings
  service.post(
    '/register',
    {
      schema: { ...documented, headers: PageHeaders, body: Body, response: { 201: UserResponse } },
      onRequest: [
        refuseCrossSite(settings.allowsOrigin),
        refuseIfOff(settings),
        options.limitAddress
      ]
    },
    async (request, reply) => {
      const { invitation: secret, ...person } = request.body
      const source = requestSourceOf(request)
      if (secret === undefined) {
        if (settings.registration === 'invite') throw invitationNeeded()
        const account = await accounts.register({ ...person, ...newUser }, source)
        return reply.code(201).send({ user: publicAccount(account) })
      }
      const { email } = person
      const invitation = await invitations.check({ secret, email, source })
      const applicant = {
        ...person,
        roles: invitation.roles ?? newUser.roles,
        scope: invitation.scope ?? newUser.scope
      }
      const fault = identityFault(applicant)
      if (fault !== null) throw invalidMember('email', fault)
      const account = await invitations.redeem(invitation, applicant, source)
      return reply.code(201).send({ user: publicAccount(account) })
    }
  )
}
