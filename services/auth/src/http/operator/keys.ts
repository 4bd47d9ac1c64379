import { algorithms } from '@gatehouse/access-token/claims'
import { type Static, Type } from 'typebox'
import type { KeyRecord } from '../../keys/key-lifecycle.ts'
import { opsOrigin } from './ops-origin.ts'
import type { OpsRoutes } from './ops-routes.ts'

/** ISO 8601; null if it has not happened */
const Time = Type.Union([Type.String(), Type.Null()])
const Key = Type.Object({
  kid: Type.String(),
  algorithm: Type.String(),
  state: Type.String(),
  createdAt: Type.String(),
  activatedAt: Time,
  retiringAt: Time,
  /** when the last token that it signed has expired */
  withdrawAt: Time,
  /** when it was retired or revoked */
  endedAt: Time
})
/** The body may be absent if all of its members are optional. */
const mayBeAbsent = { additionalProperties: false, nullable: true }
const Algorithm = Type.Object({ algorithm: Type.Optional(Type.Enum([...algorithms])) }, mayBeAbsent)
const Force = Type.Object({ force: Type.Optional(Type.Boolean()) }, mayBeAbsent)
const Params = Type.Object({ kid: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }) })
const Changed = Type.Object({ keys: Type.Array(Key) })
const One = Type.Object({ key: Key })

/** Signing keys. The response to a change contains the changed keys in their new state. */
export const keyRoutes: OpsRoutes = (service, { keys }) => {
  service.get('/keys', { schema: { response: { 200: Changed } } }, async () => ({
    keys: (await keys.list()).map(toAnswer)
  }))

  service.post(
    '/keys',
    { schema: { body: Algorithm, response: { 201: One } } },
    async (request, reply) => {
      const key = await keys.create(algorithmOf(request.body), opsOrigin(request))
      return reply.code(201).send({ key: toAnswer(key) })
    }
  )

  service.post(
    '/keys/rotate',
    { schema: { body: Algorithm, response: { 200: Changed } } },
    async (request) => {
      const changed = await keys.rotate(algorithmOf(request.body), opsOrigin(request))
      return { keys: changed.map(toAnswer) }
    }
  )

  service.post(
    '/keys/:kid/activate',
    { schema: { params: Params, body: Force, response: { 200: Changed } } },
    async (request) => {
      const body = request.body as Static<typeof Force> | null | undefined
      const how = body?.force === true ? 'force' : 'wait'
      const changed = await keys.activate(request.params.kid, how, opsOrigin(request))
      return { keys: changed.map(toAnswer) }
    }
  )

  service.post(
    '/keys/:kid/retire',
    { schema: { params: Params, response: { 200: One } } },
    async (request) => {
      const key = await keys.retire(request.params.kid, opsOrigin(request))
      return { key: toAnswer(key) }
    }
  )

  service.post(
    '/keys/:kid/revoke',
    { schema: { params: Params, response: { 200: Changed } } },
    async (request) => {
      const changed = await keys.revoke(request.params.kid, opsOrigin(request))
      return { keys: changed.map(toAnswer) }
    }
  )
}

const algorithmOf = (body: unknown) =>
  (body as Static<typeof Algorithm> | null | undefined)?.algorithm

function toAnswer(key: KeyRecord) {
  const { kid, algorithm, state } = key
  return {
    kid,
    algorithm,
    state,
    createdAt: instant(key.createdAt),
    activatedAt: orNull(key.activatedAt),
    retiringAt: orNull(key.retiringAt),
    withdrawAt: orNull(key.withdrawAt),
    endedAt: orNull(key.endedAt)
  }
}

const instant = (seconds: number) => new Date(seconds * 1000).toISOString()
const orNull = (seconds: number | null) => (seconds === null ? null : instant(seconds))
