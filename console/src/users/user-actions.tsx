import { useSignal } from '@preact/signals'
import type { User } from '../api/responses.ts'
import { withReach } from '../gateways/reach.tsx'
import { Confirm } from '../parts/confirm.tsx'
import { attempt } from '../parts/notices.tsx'
import { disable, enable, endSessions } from './found-user.ts'

/** What an operator must confirm. */
const changes = {
  end: {
    title: 'End all sessions of this user?',
    text: 'Every gateway refuses their tokens within a second. The user can sign in again.',
    action: 'End sessions',
    make: (user: User) =>
      endSessions(user).then(() => withReach(`All sessions of ${user.email} have ended.`))
  },
  disable: {
    title: 'Disable this user?',
    text: 'All sessions end, and the user cannot sign in until they are enabled.',
    action: 'Disable',
    make: (user: User) =>
      disable(user).then(() => withReach(`${user.email} can no longer sign in.`))
  }
} as const

/** What can be done with a user. */
export function UserActions({ user }: { readonly user: User }) {
  const asked = useSignal<keyof typeof changes | null>(null)
  const change = asked.value === null ? null : changes[asked.value]
  const allow = () => attempt(() => enable(user).then(() => `${user.email} can sign in.`))
  return (
    <div class="actions">
      <button type="button" class="danger" onClick={() => (asked.value = 'end')}>
        End all sessions
      </button>
      {user.disabled ? (
        <button type="button" onClick={() => void allow()}>
          Enable
        </button>
      ) : (
        <button type="button" class="danger" onClick={() => (asked.value = 'disable')}>
          Disable
        </button>
      )}
      {change !== null && (
        <Confirm
          title={change.title}
          name={user.email}
          action={change.action}
          onConfirm={() => attempt(() => change.make(user))}
          onClose={() => (asked.value = null)}
        >
          <p>{change.text}</p>
        </Confirm>
      )}
    </div>
  )
}
