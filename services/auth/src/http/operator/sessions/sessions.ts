import { Type } from 'typebox'
import { noSuchSession } from '../../../sessions/session-refusals.ts'
import { Ended } from '../../fields.ts'
import { Sessions, toSession } from '../../session-response.ts'
import { operatorSource } from '../access/operator-source.ts'
import type { OpsRoutes } from '../ops-routes.ts'
import { findUser } from '../users/find-user.ts'
import { UserParams, userProblems } from '../users/user-response.ts'

const EndedSessions = Type.Object({ ended: Ended }, { title: 'EndedSessions' })

const listUserSessions: OpsRoutes = (service, { accounts, sessions }) => {
  service.get(
    '/users/:user/sessions',
    {
      schema: {
        operationId: 'listUserSessions',
        summary: 'List the sessions of a user',
        description: 'Lists the live sessions of a user.',
        tags: ['Sessions'],
        successes: { 200: { description: 'The live sessions.' } },
        problems: userProblems,
        params: UserParams,
        response: { 200: Sessions }
      }
    },
    async (request) => {
      const { id } = await findUser(accounts, request.params.user)
      const live = await sessions.list(id)
      return { sessions: live.map((family) => toSession(family, null)) }
    }
  )
}

const endUserSessions: OpsRoutes = (service, { accounts, sessions }) => {
  const { ends } = sessions
  service.delete(
    '/users/:user/sessions',
    {
      schema: {
        operationId: 'endUserSessions',
        summary: 'End all sessions of a user',
        description:
          'Ends every session of a user. Their access tokens stop working within a second.',
        tags: ['Sessions'],
        successes: { 200: { description: 'The sessions have ended.' } },
        problems: userProblems,
        params: UserParams,
        response: { 200: EndedSessions }
      }
    },
    async (request) => {
      const { id } = await findUser(accounts, request.params.user)
      const source = operatorSource(request)
      const ended = await ends.endAll({ kind: 'logout-all', subject: id, sid: null, source })
      return { ended }
    }
  )
}

const endAnySession: OpsRoutes = (service, { sessions, audit }) => {
  const { ends } = sessions
  service.delete(
    '/sessions/:id',
    {
      schema: {
        operationId: 'endAnySession',
        summary: 'End one session',
        description: 'Ends a session of any user. Its access tokens stop working within a second.',
        tags: ['Sessions'],
        successes: { 200: { description: 'The session has ended.' } },
        problems: { NOT_FOUND: 'There is no live session with this id.' },
        params: Type.Object({
          id: Type.String({
            pattern: '^[A-Za-z0-9_-]{1,64}$',
            description: 'The public id of the session.',
            examples: ['Wb0oJ0m9pQ4hUu0mJ0b1Yw']
          })
        }),
        response: { 200: EndedSessions }
      }
    },
    async (request) => {
      const sid = request.params.id
      const subject = await audit.ownerOf(sid)
      if (subject === null) throw noSuchSession()
      const source = operatorSource(request)
      if (!(await ends.end({ kind: 'session-ended', subject, sid, source }))) throw noSuchSession()
      return { ended: 1 }
    }
  )
}

export const sessionRoutes: OpsRoutes = (service, options) => {
  for (const route of [listUserSessions, endUserSessions, endAnySession]) route(service, options)
}
