import { Type } from 'typebox'
import { isAccountId } from '../../accounts/account-store.ts'
import { noSuchUser } from '../../refusals.ts'
import { findUser } from './find-user.ts'
import type { OpsRoutes } from './ops-routes.ts'
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
  /** The events of a deleted user are found by the id. */
  const subjectOf = async (user: string): Promise<string> =>
    isAccountId(user) ? user : (await findUser(accounts, user)).id

  const refuseUnknown = async (user: string): Promise<void> => {
    const everything = await audit.read({ subject: user, limit: 1 })
    if (everything.length === 0 && (await accounts.findById(user)) === null) throw noSuchUser()
  }

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
      const subject = user === undefined ? undefined : await subjectOf(user)
      const events = await audit.read({
        subject,
        sinceMs: since === undefined ? undefined : readInstant('since', since),
        limit: readLimit(limit)
      })
      if (subject !== undefined && events.length === 0) await refuseUnknown(subject)
      return {
        events: events.map(({ atMs, kind, subject, sid, origin, detail = {} }) => ({
          at: new Date(atMs).toISOString(),
          kind,
          user: subject,
          session: sid,
          address: origin.address,
          requestId: origin.requestId,
          detail: { ...detail }
        }))
      }
    }
  )
}
