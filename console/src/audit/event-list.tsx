import type { AuditEvent } from '../api/responses.ts'
import { isUserId, timeText } from '../parts/text.ts'
import { nameOf } from './matching-events.ts'

const alarming = [
  'login-failed',
  'factor-failed',
  'refresh-reused',
  'client-authentication-failed',
  'mail-token-refused',
  'invitation-refused'
]

type ListProps = {
  readonly events: readonly AuditEvent[]
  /** whether the id of a user leads to the user */
  readonly hasLinks?: boolean
}

/** Events of the audit log, the newest first. */
export function EventList({ events, hasLinks = false }: ListProps) {
  if (events.length === 0) return <p>No event matches.</p>
  return (
    <ol class="events">
      {events.map((event) => (
        <li key={nameOf(event)} class={alarming.includes(event.kind) ? 'alarming' : ''}>
          <time dateTime={event.at}>{timeText(event.at)}</time>
          <strong>{event.kind}</strong>
          <span class="who">{event.operator ?? event.address}</span>
          <Facts event={event} hasLinks={hasLinks} />
        </li>
      ))}
    </ol>
  )
}

type FactsProps = { readonly event: AuditEvent; readonly hasLinks: boolean }

/** What the event is about, and its details. */
function Facts({ event: { user, session, requestId, detail }, hasLinks }: FactsProps) {
  const facts = Object.entries({ about: user, session, ...detail, request: requestId })
  return (
    <dl class="facts">
      {facts.map(([name, value]) =>
        value === null ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {hasLinks && name === 'about' && isUserId(value) ? (
                <a href={`#/users/${value}`}>{value}</a>
              ) : (
                String(value)
              )}
            </dd>
          </div>
        )
      )}
    </dl>
  )
}
