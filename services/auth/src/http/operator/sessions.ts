import { Type } from 'typebox'
import { noSuchSession } from '../../refusals.ts'
import { Session, toSession } from '../session-response.ts'
import { findUser } from './find-user.ts'
import { opsOrigin } from './ops-origin.ts'
import type { OpsRoutes } from './ops-routes.ts'
import { UserParams } from './user-response.ts'

export const sessionRoutes: OpsRoutes = (service, { accounts, sessions, audit }) => {
  const { ends } = sessions
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
      const live = await sessions.list(id)
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
      const origin = opsOrigin(request)
      const ended = await ends.endAll({ kind: 'logout-all', subject: id, sid: null, origin })
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
      const subject = await audit.ownerOf(sid)
      if (subject === null) throw noSuchSession()
      const origin = opsOrigin(request)
      if (!(await ends.end({ kind: 'session-ended', subject, sid, origin }))) throw noSuchSession()
      return { ended: 1 }
    }
  )
}
