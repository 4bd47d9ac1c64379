import { Type } from 'typebox'
import { type Client, clientAuthenticationMethods } from '../../clients/client.ts'
import { noSuchClient } from '../../refusals.ts'
import { opsOrigin } from './ops-origin.ts'
import type { OpsRoutes } from './ops-routes.ts'

const Method = Type.Enum([...clientAuthenticationMethods], { default: 'client_secret_basic' })
const ClientBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    scope: Type.Array(Type.String({ minLength: 1, maxLength: 1024 }), { maxItems: 64 }),
    authenticationMethod: Type.Optional(Method),
    /** a JWK Set, for private_key_jwt; its members are checked when it is stored */
    jwks: Type.Optional(Type.Object({}, { additionalProperties: true }))
  },
  { additionalProperties: false }
)
const ClientAnswer = Type.Object({
  id: Type.String(),
  name: Type.String(),
  scope: Type.Array(Type.String()),
  authenticationMethod: Type.String(),
  disabled: Type.Boolean(),
  /** ISO 8601 */
  createdAt: Type.String()
})
const NewSecret = Type.Object({ secretId: Type.Integer(), secret: Type.String() })
const Params = Type.Object({ client: Type.String({ pattern: '^[0-9a-f-]{36}$' }) })
const Done = Type.Object({ id: Type.String() })

/** Machine clients. Only the response that creates a secret contains it. */
export const clientRoutes: OpsRoutes = (service, { clients, revocations }) => {
  service.post(
    '/clients',
    {
      schema: {
        body: ClientBody,
        response: {
          201: Type.Object({ client: ClientAnswer, secret: Type.Union([NewSecret, Type.Null()]) })
        }
      }
    },
    async (request, reply) => {
      const { name, scope, authenticationMethod = 'client_secret_basic', jwks } = request.body
      const registration = { name, scope, authenticationMethod }
      const { client, secret } = await clients.create(
        jwks === undefined ? registration : { ...registration, jwks },
        opsOrigin(request)
      )
      return reply.code(201).send({ client: toAnswer(client), secret })
    }
  )

  service.get(
    '/clients',
    { schema: { response: { 200: Type.Object({ clients: Type.Array(ClientAnswer) }) } } },
    async () => ({ clients: (await clients.list()).map(toAnswer) })
  )

  for (const verb of ['disable', 'enable'] as const) {
    service.post(
      `/clients/:client/${verb}`,
      { schema: { params: Params, response: { 200: Done } } },
      async (request) => {
        const { client: id } = request.params
        if (!(await clients[verb](id, opsOrigin(request)))) throw noSuchClient()
        await revocations.stale.tell()
        return { id }
      }
    )
  }

  service.post(
    '/clients/:client/secrets',
    { schema: { params: Params, response: { 201: NewSecret } } },
    async (request, reply) => {
      const { client: id } = request.params
      const secret = await clients.addSecret(id, opsOrigin(request))
      if (secret === null) throw noSuchClient()
      return reply.code(201).send(secret)
    }
  )
}

function toAnswer({ id, name, scope, authenticationMethod, disabled, createdAt }: Client) {
  return {
    id,
    name,
    scope: [...scope],
    authenticationMethod,
    disabled,
    createdAt: new Date(createdAt * 1000).toISOString()
  }
}
