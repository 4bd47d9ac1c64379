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

/** Events whose subject is not a user. */
const ofOthers =
  /^(approval|client|gateway|request|webhook)-|^invitation-(created|revoked)$|^mail-(retried|discarded)$/

type ListProps = { readonly events: readonly AuditEvent[] }

/** Events of the audit log, the newest first. The ids of users, sessions and keys lead to them. */
export function EventList({ events }: ListProps) {
  if (events.length === 0) return <p>No event matches.</p>
  return (
    <ol class="events">
      {events.map((event) => (
        <li key={nameOf(event)} class={alarming.includes(event.kind) ? 'alarming' : ''}>
          <time dateTime={event.at}>{timeText(event.at)}</time>
          <strong>{event.kind}</strong>
          <span class="who">{event.operator ?? event.address}</span>
          <Facts event={event} />
        </li>
      ))}
    </ol>
  )
}

/** What the event is about, and its details. */
function Facts({ event }: { readonly event: AuditEvent }) {
  const { user, session, requestId, detail } = event
  const facts = Object.entries({ about: user, session, ...detail, request: requestId })
  return (
    <dl class="facts">
      {facts.map(([name, value]) =>
        value === null ? null : (
          <div key={name}>
            <dt>{wordsOf(name)}</dt>
            <dd>
              <Linked to={addressOf(event, name)}>{String(value)}</Linked>
            </dd>
          </div>
        )
      )}
    </dl>
  )
}

/** The name of a detail, such as `generationsBehind`, in words. */
const wordsOf = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

/** Where a fact leads; null: nowhere. */
function addressOf({ kind, user, session }: AuditEvent, fact: string): string | null {
  if (kind.startsWith('key-')) return fact === 'about' ? `#/keys/${user}` : null
  if (!isUserId(user) || ofOthers.test(kind)) return null
  if (fact === 'about') return `#/users/${user}`
  return fact === 'session' ? `#/users/${user}/${session}` : null
}

function Linked({ to, children }: { readonly to: string | null; readonly children: string }) {
  return to === null ? children : <a href={to}>{children}</a>
}
