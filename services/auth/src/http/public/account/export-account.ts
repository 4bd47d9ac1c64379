import { sessionEnded } from '../../../sessions/session-refusals.ts'
import type { RequestLimit } from '../../../throttling/request-limit.ts'
import { tooManyExports } from '../../../throttling/throttling-refusals.ts'
import { exportedAccount, shownExport } from '../../exports/exported-account.ts'
import {
  EventsQuery,
  ExportedEvents,
  readEventsAfter,
  shownEvents
} from '../../exports/exported-events.ts'
import { endedProblem, noAccountProblem } from '../../fields.ts'
import { recentLogin } from '../factors/factor-schemas.ts'
import { ownAccount } from '../own-account.ts'
import { readerOf } from '../reader.ts'
import type { Route } from '../route.ts'

const problems = {
  SESSION_ENDED: endedProblem,
  FORBIDDEN: noAccountProblem,
  RATE_LIMITED: 'The account exports its data too often.'
}

/** @throws Refusal RATE_LIMITED, or UNAVAILABLE when the store does not answer */
async function limitExports(limit: RequestLimit, account: string): Promise<void> {
  const waitSeconds = await limit.take(account)
  if (waitSeconds !== null) throw tooManyExports(waitSeconds)
}

const exporting = {
  operationId: 'exportAccount',
  summary: 'Export your account',
  description: `Returns everything that is stored about the user, without secrets, and the first 500 events of the audit log. Notifies the user by mail. ${recentLogin}`,
  tags: ['Accounts'],
  successes: { 200: { description: 'The data of the user.' } },
  problems
}

export const exportAccount: Route = (service, options) => {
  const { accounts, mail, throttling } = options
  service.get(
    '/account/export',
    { schema: { ...exporting, response: { 200: exportedAccount('AccountExport') } } },
    async (request) => {
      const { account, session: sid } = await ownAccount(request, accounts)
      await limitExports(throttling.exports, account.id)
      const exported = await accounts.exports.own(account, { ...readerOf(request, mail), sid })
      if (exported === null) throw sessionEnded('the session has ended')
      return shownExport(exported)
    }
  )
}

const continuing = {
  operationId: 'exportAccountEvents',
  summary: 'Export further events of your account',
  description: `Returns the next 500 events of the audit log that are about the user. ${recentLogin}`,
  tags: ['Accounts'],
  successes: { 200: { description: 'The next events.' } },
  problems
}

export const exportAccountEvents: Route = (service, { accounts, throttling }) => {
  service.get(
    '/account/export/events',
    { schema: { ...continuing, querystring: EventsQuery, response: { 200: ExportedEvents } } },
    async (request) => {
      const { account } = await ownAccount(request, accounts)
      const afterMs = readEventsAfter(request.query.after)
      await limitExports(throttling.exports, account.id)
      return shownEvents(await accounts.exports.events(account.id, afterMs))
    }
  )
}
