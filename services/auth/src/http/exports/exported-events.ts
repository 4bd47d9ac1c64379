import { Type } from 'typebox'
import type { StoredEvents } from '../../accounts/exports/stored-events.ts'
import { instant, SessionId } from '../fields.ts'
import { invalidParameter } from '../http-refusals.ts'

const Event = Type.Object(
  {
    at: instant('When it happened.'),
    kind: Type.String({
      description: 'What happened. Later versions may have more kinds.',
      examples: ['login']
    }),
    session: Type.Union([SessionId, Type.Null()], {
      description: 'The public id of the session; null if the event belongs to none.'
    }),
    address: Type.Union([Type.String({ examples: ['192.0.2.7'] }), Type.Null()], {
      description: 'The address of the client; null if no client caused the event.'
    }),
    byOperator: Type.Boolean({ description: 'Whether an operator caused it.', examples: [false] }),
    requestId: Type.String({
      description: 'The x-request-id of the request.',
      examples: ['d7908685-2b28-47ad-92b4-7e2dee337653']
    }),
    detail: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String()]), {
      description: 'Further facts about the event, by name.',
      examples: [{ ended: 1 }]
    })
  },
  { title: 'ExportedEvent', description: 'An event of the audit log.' }
)

export const events = {
  events: Type.Array(Event, { description: 'Events of the account, the oldest first.' }),
  next: Type.Union([Type.String({ examples: ['1795888800000'] }), Type.Null()], {
    description: 'The value of after for the next events; null: there are no more.'
  })
}

/** Further events, each of a page of which `next` is not null. */
export const ExportedEvents = Type.Object(events, { title: 'ExportedEvents' })

export const EventsQuery = Type.Object({
  after: Type.String({
    minLength: 1,
    maxLength: 16,
    description: 'The value of next in the previous response.',
    examples: ['1795888800000']
  })
})

/**
 * Milliseconds since 1970.
 * @throws Refusal INVALID_REQUEST
 */
export function readEventsAfter(text: string): number {
  const after = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(after)) {
    throw invalidParameter('after', 'must be the value of next in the previous response')
  }
  return after
}

export const shownEvents = ({ events, nextMs }: StoredEvents) => ({
  events: events.map(({ sid, ...event }) => ({ ...event, session: sid })),
  next: nextMs === null ? null : String(nextMs)
})
