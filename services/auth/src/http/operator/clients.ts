import { Type } from 'typebox'
import { type Client, clientAuthenticationMethods } from '../../clients/client.ts'
import { noSuchClient } from '../../refusals.ts'
import { instant, uuid } from '../fields.ts'
import { operatorSource } from './operator-source.ts'
import type { OpsRoutes } from './ops-routes.ts'

const Method = Type.Enum([...clientAuthenticationMethods], {
  default: 'client_secret_basic',
  description: 'The one method by which the client authenticates (RFC 7591 §2).'
})
const ClientScope = Type.String({ minLength: 1, maxLength: 1024, examples: ['orders:read'] })
const ClientBody = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 100,
      description: 'A name for people.',
      examples: ['billing']
    }),
    scope: Type.Array(ClientScope, {
      maxItems: 64,
      description: 'The largest scope that the client can get.',
      examples: [['orders:read']]
    }),
    authenticationMethod: Type.Optional(Method),
    // Its members are checked when it is stored.
    jwks: Type.Optional(
      Type.Object(
        {},
        {
          additionalProperties: true,
          description: 'The public keys of the client (RFC 7517). Required for private_key_jwt.'
        }
      )
    )
  },
  { additionalProperties: false, title: 'NewClient' }
)
const ClientAnswer = Type.Object(
  {
    id: uuid('The client_id, and sub in its access tokens.'),
    name: Type.String({ description: 'A name for people.', examples: ['billing'] }),
    scope: Type.Array(Type.String({ examples: ['orders:read'] }), {
      description: 'The largest scope that the client can get.'
    }),
    authenticationMethod: Type.String({
      description: `One of ${clientAuthenticationMethods.join(', ')}.`,
      examples: ['client_secret_basic']
    }),
    disabled: Type.Boolean({
      examples: [false],
      description: 'Whether the client gets no tokens.'
    }),
    createdAt: instant('When the client was created.')
  },
  { title: 'Client', description: 'A machine client.' }
)
const NewSecret = Type.Object(
  {
    secretId: Type.Integer({ description: 'Tells the secrets of a client apart.', examples: [1] }),
    secret: Type.String({
      description: 'The client_secret. No later response contains it.',
      examples: ['gcs_q1mZ6ZpJ3nYt0Wm4a8kVx2']
    })
  },
  { title: 'NewSecret' }
)
const Params = Type.Object({
  client: Type.String({
    pattern: '^[0-9a-f-]{36}$',
    description: 'The id of the client.',
    examples: ['7f1b0a52-3c1e-4a53-9d0e-2b6b0c6f4c11']
  })
})
const Done = Type.Object({ id: uuid('The id of the client.') }, { title: 'ChangedClient' })
const problems = { NOT_FOUND: 'There is no such client.' }
const switches = {
  disable: {
    operationId: 'disableClient',
    summary: 'Disable a client',
    description: 'The client gets no more tokens, and every gateway refuses those that it has.',
    answers: { 200: { description: 'The client is disabled.' } }
  },
  enable: {
    operationId: 'enableClient',
    summary: 'Enable a client',
    description: 'The client gets tokens again.',
    answers: { 200: { description: 'The client is enabled.' } }
  }
}

/** Machine clients. Only the response that creates a secret contains it. */
export const clientRoutes: OpsRoutes = (service, { clients, revocations }) => {
  service.post(
    '/clients',
    {
      schema: {
        operationId: 'createClient',
        summary: 'Create a client',
        description: 'Creates a machine client.',
        tags: ['Clients'],
        answers: { 201: { description: 'The client, and its secret.' } },
        problems: {
          INVALID_REQUEST: 'jwks does not fit the method, or a key in it is not accepted.'
        },
        body: ClientBody,
        response: {
          201: Type.Object(
            {
              client: ClientAnswer,
              secret: Type.Union([NewSecret, Type.Null()], {
                description: 'null for a client that authenticates with keys.'
              })
            },
            { title: 'CreatedClient' }
          )
        }
      }
    },
    async (request, reply) => {
      const { name, scope, authenticationMethod = 'client_secret_basic', jwks } = request.body
      const registration = { name, scope, authenticationMethod }
      const { client, secret } = await clients.create(
        jwks === undefined ? registration : { ...registration, jwks },
        operatorSource(request)
      )
      return reply.code(201).send({ client: toAnswer(client), secret })
    }
  )

  service.get(
    '/clients',
    {
      schema: {
        operationId: 'listClients',
        summary: 'List the clients',
        description: 'Lists all machine clients.',
        tags: ['Clients'],
        answers: { 200: { description: 'The clients.' } },
        response: {
          200: Type.Object(
            { clients: Type.Array(ClientAnswer, { description: 'All machine clients.' }) },
            { title: 'Clients' }
          )
        }
      }
    },
    async () => ({ clients: (await clients.list()).map(toAnswer) })
  )

  for (const verb of ['disable', 'enable'] as const) {
    service.post(
      `/clients/:client/${verb}`,
      {
        schema: {
          ...switches[verb],
          tags: ['Clients'],
          problems,
          params: Params,
          response: { 200: Done }
        }
      },
      async (request) => {
        const { client: id } = request.params
        if (!(await clients[verb](id, operatorSource(request)))) throw noSuchClient()
        await revocations.stale.tell()
        return { id }
      }
    )
  }

  service.post(
    '/clients/:client/secrets',
    {
      schema: {
        operationId: 'addClientSecret',
        summary: 'Add a secret',
        description: 'Adds a secret to a client. A third one replaces the first.',
        tags: ['Clients'],
        answers: { 201: { description: 'The new secret.' } },
        problems: problems,
        params: Params,
        response: { 201: NewSecret }
      }
    },
    async (request, reply) => {
      const { client: id } = request.params
      const secret = await clients.addSecret(id, operatorSource(request))
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
