import { useSignal } from '@preact/signals'
import type { Session, User } from '../api/responses.ts'
import { now } from '../api/server-time.ts'
import { withReach } from '../gateways/reach.tsx'
import { Confirm } from '../parts/confirm.tsx'
import { Mark } from '../parts/mark.tsx'
import { attempt } from '../parts/notices.tsx'
import { agoText, shortId, timeText } from '../parts/text.ts'
import { mayChange } from '../session/session.ts'
import { session as sought } from '../view.ts'
import { endSession } from './found-user.ts'

type RowProps = {
  readonly user: User
  readonly session: Session
  /** the client's, at the login; undefined if it is not known */
  readonly address: string | undefined
}

/** A live session, and how to end it. */
export function SessionRow({ user, session, address }: RowProps) {
  const isAsking = useSignal(false)
  const name = session.label === '' ? 'Unknown program' : session.label
  const end = () =>
    attempt(async () => {
      await endSession(user, session)
      return withReach('The session has ended, and its tokens are refused.')
    })
  return (
    <li>
      <strong>{name}</strong>
      <span class="hint">
        signed in {timeText(session.createdAt)}
        {address !== undefined && ` from ${address}`}, used{' '}
        {agoText(Date.parse(session.lastUsedAt), now.value)}
      </span>
      <code>{session.id}</code>
      {session.id === sought.value && <Mark tone="wait">the session of the event</Mark>}
      {mayChange() && (
        <button
          type="button"
          class="danger"
          aria-label={`End the session ${session.id} (${name})`}
          onClick={() => (isAsking.value = true)}
        >
          End
        </button>
      )}
      {isAsking.value && (
        <Confirm
          title="End this session?"
          name={shortId(session.id)}
          action="End it"
          onConfirm={end}
          onClose={() => (isAsking.value = false)}
        >
          <p>
            {name} of {user.email}, signed in {timeText(session.createdAt)}. Every gateway refuses
            its tokens within a second. Other sessions continue.
          </p>
        </Confirm>
      )}
    </li>
  )
}
