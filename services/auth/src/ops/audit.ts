import { Type } from 'typebox'
import { findUser } from './find-user.ts'
import type { OpsRoutes } from './ops-api.ts'

const Query = Type.Object({
  user: Type.Optional(Type.String({ minLength: 1, maxLength: 254 })),
  /** ISO 8601 */
  since: Type.Optional(Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z$' })),
  limit: Type.String({ default: '100', pattern: '^([1-9]\\d{0,2}|1000)$' })
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
        sinceMs: since === undefined ? undefined : Date.parse(since),
        limit: Number(limit)
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
