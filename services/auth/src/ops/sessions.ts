import { Type } from 'typebox'
import { noSuchSession } from '../refusals.ts'
import { Session, toSession } from '../routes/session-response.ts'
import { findUser } from './find-user.ts'
import type { OpsRoutes } from './ops-api.ts'
import { opsOrigin } from './ops-origin.ts'
import { UserParams } from './user-response.ts'

export const sessionRoutes: OpsRoutes = (service, { accounts, families, audit }) => {
  service.get(
    '/users/:user/sessions',
    {
      schema: {
        params: UserParams,
        response: { 200: Type.Object({ sessions: Type.Array(Session) }) }
      }
    },
    async (request) => {
      const { id } = await findUser(accounts, request.params.user)
      const live = await families.list(id)
      return { sessions: live.map((family) => toSession(family, null)) }
    }
  )

  service.delete(
    '/users/:user/sessions',
    {
      schema: { params: UserParams, response: { 200: Type.Object({ ended: Type.Integer() }) } }
    },
    async (request) => {
      const { id } = await findUser(accounts, request.params.user)
      const ended = await families.endAll(id, null)
      await audit.write({
        ...{ kind: 'logout-all', subject: id, sid: null, origin: opsOrigin(request) },
        detail: { ended }
      })
      return { ended }
    }
  )

  service.delete(
    '/sessions/:id',
    {
      schema: {
        params: Type.Object({ id: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }) }),
        response: { 200: Type.Object({ ended: Type.Integer() }) }
      }
    },
    async (request) => {
      const sid = request.params.id
      // The store knows sessions by their users; whose it is stands in the log of its login.
      const subject = await audit.ownerOf(sid)
      if (subject === null || !(await families.end(subject, sid))) throw noSuchSession()
      await audit.write({ kind: 'session-ended', subject, sid, origin: opsOrigin(request) })
      return { ended: 1 }
    }
  )
}
