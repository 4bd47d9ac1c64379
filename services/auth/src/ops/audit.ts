import { Type } from 'typebox'
import { findUser } from './find-user.ts'
import type { OpsRoutes } from './ops-api.ts'
import { Instant, Limit, readInstant, readLimit } from './query-parameters.ts'

const Query = Type.Object({
  user: Type.Optional(Type.String({ minLength: 1, maxLength: 254 })),
  since: Type.Optional(Instant),
  limit: Limit
})

const Event = Type.Object({
  at: Type.String(),
  kind: Type.String(),
  user: Type.Union([Type.String(), Type.Null()]),
  session: Type.Union([Type.String(), Type.Null()]),
  address: Type.String(),
  requestId: Type.String(),
  detail: Type.Record(Type.String(), Type.Number())
})

/** The audit log, the newest first. */
export const auditRoutes: OpsRoutes = (service, { accounts, audit }) => {
  service.get(
    '/audit',
    {
      schema: {
        querystring: Query,
        response: { 200: Type.Object({ events: Type.Array(Event) }) }
      }
    },
    async ({ query }) => {
      const { user, since, limit } = query
      const events = await audit.read({
        subject: user === undefined ? undefined : (await findUser(accounts, user)).id,
        sinceMs: since === undefined ? undefined : readInstant('since', since),
        limit: readLimit(limit)
      })
      return {
        events: events.map(({ atMs, kind, subject, sid, origin, detail = {} }) => ({
          ...{ at: new Date(atMs).toISOString(), kind, user: subject, session: sid },
          ...{ address: origin.address, requestId: origin.requestId, detail: { ...detail } }
        }))
      }
    }
  )
}
