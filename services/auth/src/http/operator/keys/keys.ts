import { algorithms } from '@gatehouse/access-token/claims'
import { type Static, Type } from 'typebox'
import { PendingApproval, pendingResponse } from '../access/approval-response.ts'
import { operatorSource } from '../access/operator-source.ts'
import type { OpsRoutes } from '../ops-routes.ts'
import { Key, toKey } from './key-response.ts'

/** The body may be absent if all of its members are optional. */
const mayBeAbsent = { additionalProperties: false, nullable: true }
const Algorithm = Type.Object(
  {
    algorithm: Type.Optional(
      Type.Enum([...algorithms], {
        description: 'The algorithm of the new key. Default: AUTH_SIGNING_ALGORITHM.'
      })
    )
  },
  { ...mayBeAbsent, title: 'KeyAlgorithm' }
)
const Force = Type.Object(
  {
    force: Type.Optional(
      Type.Boolean({
        examples: [false],
        description: 'Does not wait for gateways that do not have the key yet. Default: false.'
      })
    )
  },
  { ...mayBeAbsent, title: 'KeyActivation' }
)
const Params = Type.Object({
  kid: Type.String({
    pattern: '^[A-Za-z0-9_-]{1,64}$',
    description: 'The id of the key.',
    examples: ['NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs']
  })
})
const Changed = Type.Object(
  { keys: Type.Array(Key, { description: 'The keys, in their new state.' }) },
  { title: 'SigningKeys' }
)
const One = Type.Object({ key: Key }, { title: 'OneSigningKey' })
const NOT_FOUND = 'There is no such key.'
const TOO_MANY = 'Too many keys are published.'
const NOT_HELD = 'Not every live gateway has the key yet'

const listKeys: OpsRoutes = (service, { keys }) => {
  service.get(
    '/keys',
    {
      schema: {
        operationId: 'listKeys',
        summary: 'List the signing keys',
        description: 'Lists all signing keys.',
        tags: ['Keys'],
        successes: { 200: { description: 'The keys.' } },
        response: { 200: Changed }
      }
    },
    async () => ({
      keys: (await keys.list()).map(toKey)
    })
  )
}

const createKey: OpsRoutes = (service, { keys }) => {
  service.post(
    '/keys',
    {
      schema: {
        operationId: 'createKey',
        summary: 'Create a standby key',
        description: 'Creates a key, which is published and does not sign yet.',
        tags: ['Keys'],
        successes: { 201: { description: 'The key.' } },
        problems: { CONFLICT: TOO_MANY },
        body: Algorithm,
        response: { 201: One }
      }
    },
    async (request, reply) => {
      const key = await keys.create(algorithmOf(request.body), operatorSource(request))
      return reply.code(201).send({ key: toKey(key) })
    }
  )
}

const rotateKeys: OpsRoutes = (service, { keys }) => {
  service.post(
    '/keys/rotate',
    {
      schema: {
        operationId: 'rotateKeys',
        summary: 'Rotate the signing keys',
        description:
          'Creates a key, waits until every live gateway has it, and lets it sign. The previous one retires by itself.',
        tags: ['Keys'],
        successes: { 200: { description: 'The changed keys.' } },
        problems: { CONFLICT: `${NOT_HELD}. ${TOO_MANY}` },
        body: Algorithm,
        response: { 200: Changed }
      }
    },
    async (request) => {
      const changed = await keys.rotate(algorithmOf(request.body), operatorSource(request))
      return { keys: changed.map(toKey) }
    }
  )
}

const activateKey: OpsRoutes = (service, { keys }) => {
  service.post(
    '/keys/:kid/activate',
    {
      schema: {
        operationId: 'activateKey',
        summary: 'Activate a standby key',
        description: 'Lets a standby key sign, once every live gateway has it.',
        tags: ['Keys'],
        successes: { 200: { description: 'The changed keys.' }, 202: pendingResponse },
        problems: { NOT_FOUND, CONFLICT: `${NOT_HELD}, or the key is not standby.` },
        params: Params,
        body: Force,
        response: { 200: Changed, 202: PendingApproval }
      }
    },
    async (request) => {
      const body = request.body as Static<typeof Force> | null | undefined
      const how = body?.force === true ? 'force' : 'wait'
      const changed = await keys.activate(request.params.kid, how, operatorSource(request))
      return { keys: changed.map(toKey) }
    }
  )
}

const retireKey: OpsRoutes = (service, { keys }) => {
  service.post(
    '/keys/:kid/retire',
    {
      schema: {
        operationId: 'retireKey',
        summary: 'Retire a key',
        description: 'Withdraws a key that never signed, or whose last token has expired.',
        tags: ['Keys'],
        successes: { 200: { description: 'The key.' } },
        problems: {
          NOT_FOUND,
          CONFLICT: 'The key is active, is revoked, or tokens that it signed may still be valid.'
        },
        params: Params,
        response: { 200: One }
      }
    },
    async (request) => {
      const key = await keys.retire(request.params.kid, operatorSource(request))
      return { key: toKey(key) }
    }
  )
}

const revokeKey: OpsRoutes = (service, { keys }) => {
  service.post(
    '/keys/:kid/revoke',
    {
      schema: {
        operationId: 'revokeKey',
        summary: 'Revoke a key',
        description:
          'Every gateway refuses the tokens of the key within a second. If it was active, another key becomes active.',
        tags: ['Keys'],
        successes: { 200: { description: 'The changed keys.' }, 202: pendingResponse },
        problems: { NOT_FOUND, CONFLICT: TOO_MANY },
        params: Params,
        response: { 200: Changed, 202: PendingApproval }
      }
    },
    async (request) => {
      const changed = await keys.revoke(request.params.kid, operatorSource(request))
      return { keys: changed.map(toKey) }
    }
  )
}

/** Signing keys. The response to a change contains the changed keys in their new state. */
export const keyRoutes: OpsRoutes = (service, options) => {
  for (const route of [listKeys, createKey, rotateKeys, activateKey, retireKey, revokeKey])
    route(service, options)
}

const algorithmOf = (body: unknown) =>
  (body as Static<typeof Algorithm> | null | undefined)?.algorithm
