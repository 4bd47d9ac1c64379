import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { type Account, publicAccount } from '../../accounts/account.ts'
import { registrationOff, registrationSignedIn } from '../../accounts/account-refusals.ts'
import { identityFault } from '../../accounts/identity-fault.ts'
import { checkedCredentials } from '../../accounts/register-account.ts'
import type { RequestSource } from '../../audit/audit-event.ts'
import { invitationNeeded } from '../../invitations/invitation-refusals.ts'
import type { Reader } from '../../mail/queue/queued-mail.ts'
import { invalidMember } from '../../refusals.ts'
import type { AuthSettings } from '../app-settings.ts'
import { Email, newPassword } from '../fields.ts'
import { crossSiteProblem, PageHeaders, refuseCrossSite } from './cookies/refuse-cross-site.ts'
import { PageSecret, SentLetter } from './letters/page-secret.ts'
import { limitLetters } from './limit-address.ts'
import { readerOf } from './reader.ts'
import type { PublicRouteOptions, Route } from './route.ts'
import { User } from './user-response.ts'

const Body = Type.Object(
  {
    email: Email,
    password: newPassword('The password of the account.'),
    invitation: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 128,
        description: 'The secret of an invitation. Required with AUTH_REGISTRATION=invite.',
        examples: ['ghi_q1mZ6ZpJ3nYt0Wm4a8kVx2q1mZ6ZpJ3nYt0Wm4a8kVx']
      })
    )
  },
  { additionalProperties: false, title: 'Registration' }
)

const RegisteredUser = Type.Object(
  { user: User, pageSecret: Type.Optional(PageSecret) },
  { title: 'RegisteredUser' }
)

const documented = {
  operationId: 'register',
  summary: 'Create an account',
  description:
    'Creates an account. It opens no session: sign in next. With AUTH_EMAIL_VERIFICATION=required, the account is created when the link in the e-mail is opened: the response is 202, the same for an address that is taken.',
  tags: ['Accounts'],
  successes: {
    201: { description: 'The new account.' },
    202: { description: 'With AUTH_EMAIL_VERIFICATION=required: an e-mail follows.' }
  },
  problems: {
    FORBIDDEN: `Registration is off, or needs a valid invitation; or a signed-in user sent the request. ${crossSiteProblem}`,
    CONFLICT: 'The e-mail address is taken.',
    RATE_LIMITED: 'The address sends too many credentials, or asks for too many e-mails.'
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
    if (registration === 'off') throw registrationOff()
    if (identity !== null) throw registrationSignedIn()
  }

/** The applicant, and the invitation that a registration uses. */
async function readApplicant(
  { body, source }: { readonly body: Static<typeof Body>; readonly source: RequestSource },
  { invitations, settings }: PublicRouteOptions
) {
  const { invitation: secret, ...person } = body
  const { newUser } = settings
  if (secret === undefined) {
    if (settings.registration === 'invite') throw invitationNeeded()
    return { applicant: { ...person, ...newUser }, invitation: null }
  }
  const invitation = await invitations.check({ secret, email: person.email, source })
  const applicant = {
    ...person,
    roles: invitation.roles ?? newUser.roles,
    scope: invitation.scope ?? newUser.scope
  }
  const fault = identityFault(applicant)
  if (fault !== null) throw invalidMember('email', fault)
  return { applicant, invitation }
}

/** Sends the verification letter. If that is refused, the user can request another one. */
async function sendLetter(
  { emailVerifications, settings }: PublicRouteOptions,
  { email }: Account,
  reader: Reader
): Promise<{ readonly pageSecret?: string }> {
  if (settings.emailVerification !== 'optional') return {}
  try {
    return { pageSecret: await emailVerifications.sendFirst(email, reader) }
  } catch (error) {
    if (error instanceof Refusal) return {}
    throw error
  }
}

export const register: Route = (service, options) => {
  const { accounts, emailVerifications, invitations, mail, settings } = options
  const isProven = settings.emailVerification === 'required'
  const limits = [options.limitAddress]
  if (settings.emailVerification !== 'off') limits.push(limitLetters(options.throttling.letters))
  service.post(
    '/register',
    {
      schema: {
        ...documented,
        headers: PageHeaders,
        body: Body,
        response: { 201: RegisteredUser, 202: SentLetter }
      },
      onRequest: [refuseCrossSite(settings.allowsOrigin), refuseIfOff(settings), ...limits]
    },
    async (request, reply) => {
      const reader = readerOf(request, mail)
      const { source } = reader
      const { applicant, invitation } = await readApplicant({ body: request.body, source }, options)
      if (isProven) {
        const { email, ...credentials } = await checkedCredentials(applicant, accounts.passwords)
        const { roles, scope } = applicant
        const pending = { ...credentials, roles, scope, invitation: invitation?.id ?? null }
        const pageSecret = await emailVerifications.register(email, pending, reader)
        return reply.code(202).send({ pageSecret })
      }
      const account =
        invitation === null
          ? await accounts.register(applicant, source)
          : await invitations.redeem(invitation, applicant, source)
      const sent = await sendLetter(options, account, reader)
      return reply.code(201).send({ user: publicAccount(account), ...sent })
    }
  )
}
