import type { AuditEvent, Session, User } from '../api/responses.ts'
import { now } from '../api/server-time.ts'
import { EventList } from '../audit/event-list.tsx'
import { Mark } from '../parts/mark.tsx'
import { attempt } from '../parts/notices.tsx'
import { Runbook } from '../parts/runbook.tsx'
import { agoText, count, timeText } from '../parts/text.ts'
import { isAdmin, mayChange } from '../session/session.ts'
import { session as sought } from '../view.ts'
import { FactorsList } from './factors-list.tsx'
import { enable, type FoundUser } from './found-user.ts'
import { RightsForm } from './rights-form.tsx'
import { SessionRow } from './session-row.tsx'
import { UserActions } from './user-actions.tsx'

/** A user: who they are, their sessions, and what happened. */
export function UserCard({ found }: { readonly found: FoundUser }) {
  const { user, sessions, events, factors } = found
  return (
    <section class="card" aria-labelledby="user">
      <div class="row">
        <h2 id="user">{user.email}</h2>
        {mayChange() && <UserActions user={user} />}
      </div>
      <dl class="facts">
        <Fact name="id" value={user.id} />
        <Fact name="state" value={user.disabled ? 'disabled' : 'enabled'} />
        <Fact name="address" value={user.emailVerified ? 'verified' : 'not verified'} />
        <Fact name="roles" value={user.roles.join(', ') || 'none'} />
        {user.provided.map((rights) => (
          <Fact
            key={rights.provider}
            name={`from ${rights.provider}`}
            value={providedText(rights)}
          />
        ))}
        <Fact name="scope" value={user.scope.join(' ') || 'none'} />
        <Fact name="created" value={timeText(user.createdAt)} />
      </dl>
      {user.deletionAt !== null && <Leaving user={user} until={user.deletionAt} />}
      {isAdmin() && <RightsForm key={user.id} user={user} />}
      <h3>{count(sessions.length, 'live session')}</h3>
      <Sought found={found} />
      <ul class="sessions">
        {sessions.map((session) => (
          <SessionRow
            key={session.id}
            user={user}
            session={session}
            address={loginOf(session, events)?.address}
          />
        ))}
      </ul>
      <h3>Second factors</h3>
      <FactorsList user={user} factors={factors} />
      <h3>Newest events</h3>
      <EventList events={events} />
      <p class="hint">
        An event has the address from which it was caused. The addresses that used a session since
        its login are in the access logs of the gateways:{' '}
        <Runbook name="stolen-session">somebody else uses a user’s session</Runbook>.
      </p>
    </section>
  )
}

/** What became of the session that an event led to, if it is not live. */
function Sought({ found: { sessions, events } }: { readonly found: FoundUser }) {
  const { value: id } = sought
  if (id === '' || sessions.some((one) => one.id === id)) return null
  const own = events.filter(({ session }) => session === id)
  const end = own.find(({ kind }) => ends.includes(kind))
  return (
    <p>
      The session <code>{id}</code>{' '}
      {own.length === 0
        ? 'is not live, and is not in the newest events of this user.'
        : `is no longer live${end === undefined ? '' : `: ${end.kind}, ${timeText(end.at)}`}.`}
    </p>
  )
}

/** The events with which a session ends. */
const ends = ['session-ended', 'session-evicted', 'logout', 'refresh-reused']

/** The user has deleted the account. */
function Leaving({ user, until }: { readonly user: User; readonly until: string }) {
  const keep = () =>
    attempt(() => enable(user).then(() => `${user.email} keeps the account, and can sign in.`))
  return (
    <div class="row">
      <Mark tone="wait">
        {user.disabled
          ? 'The user has deleted the account. It is kept as long as it is disabled.'
          : `The user has deleted the account. It will be gone ${agoText(Date.parse(until), now.value)}.`}
      </Mark>
      {mayChange() && !user.disabled && (
        <button type="button" onClick={() => void keep()}>
          Keep the account
        </button>
      )}
    </div>
  )
}

/** The roles and claims that a linked provider gives. */
const providedText = ({ roles, claims }: User['provided'][number]): string =>
  [
    ...roles,
    ...Object.entries(claims).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  ].join(', ')

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

/** The login that began the session, if it is among the events that were read. */
const loginOf = ({ id }: Session, events: readonly AuditEvent[]): AuditEvent | undefined =>
  events.find(({ kind, session }) => kind === 'login' && session === id)
