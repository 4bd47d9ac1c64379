import { Type } from 'typebox'
import type { Client } from '../../../clients/client.ts'
import { noSuchClient } from '../../../clients/client-refusals.ts'
import { uuid } from '../../fields.ts'
import { operatorSource } from '../access/operator-source.ts'
import type { OpsRoutes } from '../ops-routes.ts'
import { Audiences, ClientBody, ClientResponse, NewSecret } from './client-schemas.ts'

const Params = Type.Object({
  client: Type.String({
    pattern: '^[0-9a-f-]{36}$',
    description: 'The id of the client.',
    examples: ['7f1b0a52-3c1e-4a53-9d0e-2b6b0c6f4c11']
  })
})
const Done = Type.Object({ id: uuid('The id of the client.') }, { title: 'ChangedClient' })
const problems = { NOT_FOUND: 'There is no such client.' }

const createClient: OpsRoutes = (service, { clients }) => {
  service.post(
    '/clients',
    {
      schema: {
        operationId: 'createClient',
        summary: 'Create a client',
        description: 'Creates a machine client.',
        tags: ['Clients'],
        successes: { 201: { description: 'The client, and its secret.' } },
        problems: {
          INVALID_REQUEST: 'jwks does not fit the method, or a key in it is not accepted.'
        },
        body: ClientBody,
        response: {
          201: Type.Object(
            {
              client: ClientResponse,
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
      const { jwks, ...rest } = request.body
      const registration = { authenticationMethod: 'client_secret_basic' as const, ...rest }
      const { client, secret } = await clients.create(
        jwks === undefined ? registration : { ...registration, jwks },
        operatorSource(request)
      )
      return reply.code(201).send({ client: toResponse(client), secret })
    }
  )
}

const listClients: OpsRoutes = (service, { clients }) => {
  service.get(
    '/clients',
    {
      schema: {
        operationId: 'listClients',
        summary: 'List the clients',
        description: 'Lists all machine clients.',
        tags: ['Clients'],
        successes: { 200: { description: 'The clients.' } },
        response: {
          200: Type.Object(
            { clients: Type.Array(ClientResponse, { description: 'All machine clients.' }) },
            { title: 'Clients' }
          )
        }
      }
    },
    async () => ({ clients: (await clients.list()).map(toResponse) })
  )
}

const switches = {
  disable: {
    operationId: 'disableClient',
    summary: 'Disable a client',
    description: 'The client gets no more tokens, and every gateway refuses its earlier tokens.',
    successes: { 200: { description: 'The client is disabled.' } }
  },
  enable: {
    operationId: 'enableClient',
    summary: 'Enable a client',
    description: 'The client gets tokens again.',
    successes: { 200: { description: 'The client is enabled.' } }
  }
}

/** Disables a client, and enables one again. */
const switchClient: OpsRoutes = (service, { clients, revocations }) => {
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
        await revocations.stale.publish(id)
        return { id }
      }
    )
  }
}

const setAudiences: OpsRoutes = (service, { clients, revocations }) => {
  service.put(
    '/clients/:client/audiences',
    {
      schema: {
        operationId: 'setClientAudiences',
        summary: 'Set the audiences of a client',
        description:
          'Replaces the audiences for which the client receives and exchanges tokens, and the roles that exchanged tokens may have; without roles, those do not change. Within a second, every gateway refuses the earlier tokens of the client, including exchanged ones.',
        tags: ['Clients'],
        successes: { 200: { description: 'The audiences are set.' } },
        problems,
        params: Params,
        body: Audiences,
        response: { 200: Done }
      }
    },
    async (request) => {
      const { client: id } = request.params
      const isKnown = await clients.setAudiences(id, request.body, operatorSource(request))
      if (!isKnown) throw noSuchClient()
      await revocations.stale.publish(id)
      return { id }
    }
  )
}

const addSecret: OpsRoutes = (service, { clients }) => {
  service.post(
    '/clients/:client/secrets',
    {
      schema: {
        operationId: 'addClientSecret',
        summary: 'Add a secret',
        description: 'Adds a secret to a client. A third one replaces the first.',
        tags: ['Clients'],
        successes: { 201: { description: 'The new secret.' } },
        problems,
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

/** Machine clients. Only the response that creates a secret contains it. */
export const clientRoutes: OpsRoutes = (service, options) => {
  const routes = [createClient, listClients, switchClient, setAudiences, addSecret]
  for (const route of routes) route(service, options)
}

function toResponse({
  id,
  name,
  scope,
  receives,
  calls,
  roles,
  authenticationMethod,
  disabled,
  createdAt
}: Client) {
  return {
    id,
    name,
    scope: [...scope],
    receives: [...receives],
    calls: [...calls],
    roles: roles === null ? null : [...roles],
    authenticationMethod,
    disabled,
    createdAt: new Date(createdAt * 1000).toISOString()
  }
}
