import { useSignal } from '@preact/signals'
import type { UserFactors } from '../api/operator-api.ts'
import type { User } from '../api/responses.ts'
import { Confirm } from '../parts/confirm.tsx'
import { attempt } from '../parts/notices.tsx'
import { count, timeText } from '../parts/text.ts'
import { mayChange } from '../session/session.ts'
import { resetFactors } from './found-user.ts'

type FactorsProps = { readonly user: User; readonly factors: UserFactors }

/** The second factors of a user, and how to remove them. */
export function FactorsList({ user, factors: { factors, recoveryCodes } }: FactorsProps) {
  const isAsking = useSignal(false)
  const reset = () =>
    attempt(async () => {
      await resetFactors(user)
      return `${user.email} signs in with the password alone, and can add factors again.`
    })
  if (factors.length === 0) return <p>There are none.</p>
  return (
    <>
      <ul class="sessions">
        {factors.map(({ id, type, name, createdAt }) => (
          <li key={id}>
            <strong>{name}</strong>
            <span class="hint">
              {type}, added {timeText(createdAt)}
            </span>
          </li>
        ))}
      </ul>
      <div class="row">
        <p class="hint">{count(recoveryCodes, 'recovery code')} left.</p>
        {mayChange() && (
          <button type="button" class="danger" onClick={() => (isAsking.value = true)}>
            Remove all factors
          </button>
        )}
      </div>
      {isAsking.value && (
        <Confirm
          title="Remove all second factors of this user?"
          name={user.email}
          action="Remove them"
          onConfirm={reset}
          onClose={() => (isAsking.value = false)}
        >
          <p>
            All sessions end, and the user is notified by e-mail. Make sure that it is the user who
            asks: afterwards the password alone is enough.
          </p>
        </Confirm>
      )}
    </>
  )
}
