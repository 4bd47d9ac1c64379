import { exportedAccount, shownExport } from '../../exports/exported-account.ts'
import {
  EventsQuery,
  ExportedEvents,
  readEventsAfter,
  shownEvents
} from '../../exports/exported-events.ts'
import { operatorSource } from '../access/operator-source.ts'
import type { OpsRoutes } from '../ops-routes.ts'
import { findUser } from './find-user.ts'
import { UserParams, userProblems } from './user-response.ts'

/** Exports everything that is stored about a user (GDPR, articles 15 and 20). */
export const exportUser: OpsRoutes = (service, { accounts }) => {
  service.get(
    '/users/:user/export',
    {
      schema: {
        operationId: 'exportUser',
        summary: 'Export a user',
        description:
          'Returns everything that is stored about a user, without secrets, and the first 500 events of the audit log. The audit log records it.',
        tags: ['Users'],
        successes: { 200: { description: 'The data of the user.' } },
        problems: userProblems,
        params: UserParams,
        response: { 200: exportedAccount('UserExport') }
      }
    },
    async (request) => {
      const account = await findUser(accounts, request.params.user)
      return shownExport(await accounts.exports.ofUser(account, operatorSource(request)))
    }
  )
}

/** Further events of that export. */
export const exportUserEvents: OpsRoutes = (service, { accounts }) => {
  service.get(
    '/users/:user/export/events',
    {
      schema: {
        operationId: 'exportUserEvents',
        summary: 'Export further events of a user',
        description: 'Returns the next 500 events of the audit log that are about a user.',
        tags: ['Users'],
        successes: { 200: { description: 'The next events.' } },
        problems: userProblems,
        params: UserParams,
        querystring: EventsQuery,
        response: { 200: ExportedEvents }
      }
    },
    async ({ params, query }) => {
      const afterMs = readEventsAfter(query.after)
      const { id } = await findUser(accounts, params.user)
      return shownEvents(await accounts.exports.events(id, afterMs))
    }
  )
}
