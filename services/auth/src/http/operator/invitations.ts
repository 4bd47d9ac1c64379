import { Type } from 'typebox'
import { canonicalEmail } from '../../accounts/email.ts'
import { identityFault } from '../../accounts/identity-fault.ts'
import type { Invitation } from '../../invitations/invitation.ts'
import { noOpenInvitation } from '../../invitations/invitation-refusals.ts'
import { invalidMember } from '../../refusals.ts'
import { opsOrigin } from './ops-origin.ts'
import type { OpsRoutes } from './ops-routes.ts'
import { Limit, readLimit } from './query-parameters.ts'
import { Words } from './words.ts'

const DAY_SECONDS = 86_400
const DEFAULT_LIFETIME_SECONDS = 7 * DAY_SECONDS

const Body = Type.Object(
  {
    /** the only address that may register with it */
    email: Type.Optional(Type.String({ minLength: 1, maxLength: 254 })),
    roles: Type.Optional(Words),
    scope: Type.Optional(Words),
    expiresInSeconds: Type.Optional(
      Type.Integer({ minimum: 60, maximum: 365 * DAY_SECONDS, default: DEFAULT_LIFETIME_SECONDS })
    )
  },
  { additionalProperties: false }
)
const Text = Type.Union([Type.String(), Type.Null()])
const List = Type.Union([Type.Array(Type.String()), Type.Null()])
const Answer = Type.Object({
  id: Type.String(),
  email: Text,
  roles: List,
  scope: List,
  state: Type.String(),
  /** ISO 8601 */
  createdAt: Type.String(),
  expiresAt: Type.String(),
  /** the id of the user who registered with it */
  usedBy: Text
})
const Params = Type.Object({ invitation: Type.String({ pattern: '^[0-9a-f-]{36}$' }) })

/** Invitations to register. Only the response that creates one contains its secret. */
export const invitationRoutes: OpsRoutes = (service, { invitations, newUser, clock }) => {
  service.post(
    '/invitations',
    {
      schema: {
        body: Body,
        response: { 201: Type.Object({ invitation: Answer, secret: Type.String() }) }
      }
    },
    async (request, reply) => {
      const { roles, scope, expiresInSeconds = DEFAULT_LIFETIME_SECONDS } = request.body
      const email = request.body.email === undefined ? null : canonicalEmail(request.body.email)
      if (email === null && request.body.email !== undefined) {
        throw invalidMember('email', 'must be an e-mail address')
      }
      const fault = identityFault({ ...newUser, ...request.body, email: email ?? '' })
      if (fault !== null) throw invalidMember('roles', fault)
      const created = await invitations.create(
        {
          email,
          roles: roles ?? null,
          scope: scope ?? null,
          expiresAt: Math.floor(clock() / 1000) + expiresInSeconds
        },
        { origin: opsOrigin(request), clock }
      )
      const { secret } = created
      return reply.code(201).send({ invitation: toAnswer(created.invitation), secret })
    }
  )

  service.get(
    '/invitations',
    {
      schema: {
        querystring: Type.Object({ limit: Limit }),
        response: { 200: Type.Object({ invitations: Type.Array(Answer) }) }
      }
    },
    async ({ query }) => {
      const found = await invitations.list(readLimit(query.limit), clock())
      return { invitations: found.map(toAnswer) }
    }
  )

  service.delete(
    '/invitations/:invitation',
    { schema: { params: Params, response: { 200: Type.Object({ id: Type.String() }) } } },
    async (request) => {
      const { invitation: id } = request.params
      const by = { origin: opsOrigin(request), clock }
      if (!(await invitations.revoke(id, by))) throw noOpenInvitation()
      return { id }
    }
  )
}

function toAnswer({ createdAt, expiresAt, roles, scope, ...others }: Invitation) {
  return {
    ...others,
    roles: roles === null ? null : [...roles],
    scope: scope === null ? null : [...scope],
    createdAt: new Date(createdAt * 1000).toISOString(),
    expiresAt: new Date(expiresAt * 1000).toISOString()
  }
}
