import { Type } from 'typebox'
import {
  canonicalEmail,
  LONGEST_EMAIL,
  typedEmail
} from '../../../accounts/email-addresses/email.ts'
import { identityFault } from '../../../accounts/identity-fault.ts'
import { DAY_SECONDS } from '../../../day.ts'
import type { Invitation } from '../../../invitations/invitation.ts'
import { noOpenInvitation } from '../../../invitations/invitation-refusals.ts'
import { invalidMember } from '../../../refusals.ts'
import { instant, uuid } from '../../fields.ts'
import { operatorSource } from '../access/operator-source.ts'
import type { OpsRoutes } from '../ops-routes.ts'
import { Limit, readLimit } from '../query-parameters.ts'
import { Roles, Scopes } from '../users/roles-and-scopes.ts'
import { invitationLetter } from './invitation-letter.ts'

const DEFAULT_LIFETIME_SECONDS = 7 * DAY_SECONDS

const Body = Type.Object(
  {
    email: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: LONGEST_EMAIL,
        description: 'The only address that may register with it. Default: any.',
        examples: ['ada@example.com']
      })
    ),
    send: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Whether the invitation is sent to email.',
        examples: [true]
      })
    ),
    roles: Type.Optional(Roles),
    scope: Type.Optional(Scopes),
    expiresInSeconds: Type.Optional(
      Type.Integer({
        minimum: 60,
        maximum: 365 * DAY_SECONDS,
        default: DEFAULT_LIFETIME_SECONDS,
        description: 'Seconds until it expires. Default: a week.',
        examples: [DAY_SECONDS]
      })
    )
  },
  { additionalProperties: false, title: 'NewInvitation' }
)
const Answer = Type.Object(
  {
    id: uuid('The id of the invitation.'),
    email: Type.Union([Type.String({ examples: ['ada@example.com'] }), Type.Null()], {
      description: 'The only address that may register with it; null: any.'
    }),
    roles: Type.Union([Type.Array(Type.String({ examples: ['user'] })), Type.Null()], {
      description: 'The roles of the account; null: those of a new user.'
    }),
    scope: Type.Union([Type.Array(Type.String({ examples: ['orders:read'] })), Type.Null()], {
      description: 'The scope of the account; null: that of a new user.'
    }),
    state: Type.String({ description: 'open, used, revoked or expired.', examples: ['open'] }),
    createdAt: instant('When it was created.'),
    expiresAt: instant('When it expires.'),
    usedBy: Type.Union([uuid('An id.'), Type.Null()], {
      description: 'The id of the user who registered with it; null if none has.'
    })
  },
  { title: 'Invitation' }
)
const Params = Type.Object({
  invitation: Type.String({
    pattern: '^[0-9a-f-]{36}$',
    description: 'The id of the invitation.',
    examples: ['7f1b0a52-3c1e-4a53-9d0e-2b6b0c6f4c11']
  })
})

const createInvitation: OpsRoutes = (service, { invitations, mail, newUser, clock }) => {
  service.post(
    '/invitations',
    {
      schema: {
        operationId: 'createInvitation',
        summary: 'Create an invitation',
        description: 'Creates an invitation. One account can be registered with it.',
        tags: ['Invitations'],
        successes: { 201: { description: 'The invitation, and its secret.' } },
        body: Body,
        response: {
          201: Type.Object(
            {
              invitation: Answer,
              secret: Type.String({
                description:
                  'The value of invitation for POST /auth/register. No later response contains it.',
                examples: ['ghi_q1mZ6ZpJ3nYt0Wm4a8kVx2q1mZ6ZpJ3nYt0Wm4a8kVx']
              })
            },
            { title: 'CreatedInvitation' }
          )
        }
      }
    },
    async (request, reply) => {
      const { roles, scope, expiresInSeconds = DEFAULT_LIFETIME_SECONDS } = request.body
      const email = request.body.email === undefined ? null : canonicalEmail(request.body.email)
      if (email === null && request.body.email !== undefined) {
        throw invalidMember('email', 'must be an e-mail address')
      }
      const emailTyped = typedEmail(request.body.email ?? '')
      const fault = identityFault({ ...newUser, ...request.body, email: email ?? '' })
      if (fault !== null) throw invalidMember('roles', fault)
      const expiresAt = Math.floor(clock() / 1000) + expiresInSeconds
      const source = operatorSource(request)
      const letter = request.body.send
        ? invitationLetter(mail, { email, emailTyped }, { source, expiresAt, clock })
        : {}
      const created = await invitations.create(
        { email, roles: roles ?? null, scope: scope ?? null, expiresAt },
        { source, clock, ...letter }
      )
      const { secret } = created
      return reply.code(201).send({ invitation: toResponse(created.invitation), secret })
    }
  )
}

const listInvitations: OpsRoutes = (service, { invitations, clock }) => {
  service.get(
    '/invitations',
    {
      schema: {
        operationId: 'listInvitations',
        summary: 'List the invitations',
        description: 'Lists invitations, the newest first.',
        tags: ['Invitations'],
        successes: { 200: { description: 'The invitations.' } },
        querystring: Type.Object({ limit: Limit }),
        response: {
          200: Type.Object(
            { invitations: Type.Array(Answer, { description: 'The newest first.' }) },
            { title: 'Invitations' }
          )
        }
      }
    },
    async ({ query }) => {
      const found = await invitations.list(readLimit(query.limit), clock())
      return { invitations: found.map(toResponse) }
    }
  )
}

const revokeInvitation: OpsRoutes = (service, { invitations, clock }) => {
  service.delete(
    '/invitations/:invitation',
    {
      schema: {
        operationId: 'revokeInvitation',
        summary: 'Revoke an invitation',
        description: 'The invitation can no longer be used.',
        tags: ['Invitations'],
        successes: { 200: { description: 'The invitation is revoked.' } },
        problems: { NOT_FOUND: 'There is no open invitation with this id.' },
        params: Params,
        response: {
          200: Type.Object(
            { id: uuid('The id of the invitation.') },
            { title: 'RevokedInvitation' }
          )
        }
      }
    },
    async (request) => {
      const { invitation: id } = request.params
      const by = { source: operatorSource(request), clock }
      if (!(await invitations.revoke(id, by))) throw noOpenInvitation()
      return { id }
    }
  )
}

/** Invitations to register. Only the response that creates one contains its secret. */
export const invitationRoutes: OpsRoutes = (service, options) => {
  for (const route of [createInvitation, listInvitations, revokeInvitation]) route(service, options)
}

function toResponse({ createdAt, expiresAt, roles, scope, ...others }: Invitation) {
  return {
    ...others,
    roles: roles === null ? null : [...roles],
    scope: scope === null ? null : [...scope],
    createdAt: new Date(createdAt * 1000).toISOString(),
    expiresAt: new Date(expiresAt * 1000).toISOString()
  }
}
