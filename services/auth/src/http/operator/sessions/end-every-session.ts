import { Type } from 'typebox'
import { makeAllStale } from '../../../revocations/make-all-stale.ts'
import { instant } from '../../fields.ts'
import { PendingApproval, pendingResponse } from '../access/approval-response.ts'
import { operatorSource } from '../access/operator-source.ts'
import type { OpsRoutes } from '../ops-routes.ts'
import { readInstant } from '../query-parameters.ts'

const Body = Type.Object(
  {
    openedBefore: Type.Optional(
      Type.String({
        maxLength: 32,
        description:
          'Only sessions that were opened before this time. ISO 8601, in UTC. Default: the time of the request.',
        examples: ['2026-11-23T10:00:00Z']
      })
    )
  },
  { additionalProperties: false, title: 'EveryOpenSession' }
)

const Answer = Type.Object(
  {
    ended: Type.Integer({
      description: 'How many sessions this request ended.',
      examples: [20000]
    }),
    more: Type.Boolean({
      description: 'Whether there are more. Repeat the request with openedBefore.',
      examples: [false]
    }),
    openedBefore: instant('The sessions that were opened earlier end.')
  },
  { title: 'EndedOfEveryUser' }
)

const schema = {
  operationId: 'endEverySession',
  summary: 'End the sessions of all users',
  description:
    'Ends all sessions in the database, for example sessions that were open at the time of a backup and ended later. A request ends some thousands. The last one, with more: false, also makes all access tokens stale, and takes a few seconds longer.',
  tags: ['Sessions'],
  body: Body,
  response: { 200: Answer, 202: PendingApproval },
  successes: {
    200: { description: 'All of these sessions, or some of them, have ended (`more`).' },
    202: pendingResponse
  }
}

export const endEverySession: OpsRoutes = (service, { sessions, revocations, clock }) => {
  service.post('/sessions/end-all', { schema }, async (request) => {
    const { openedBefore } = request.body
    const beforeMs =
      openedBefore === undefined ? clock() : readInstant('openedBefore', openedBefore)
    // Rounded up: sessions are dated in whole seconds, and those of the current second end too.
    const before = Math.ceil(beforeMs / 1000)
    const source = operatorSource(request)
    const { ended, more } = await sessions.endEvery(before, source)
    if (!more) await makeAllStale(revocations.stale, source, clock)
    return { ended, more, openedBefore: new Date(before * 1000).toISOString() }
  })
}
