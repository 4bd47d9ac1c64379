import { useSignal } from '@preact/signals'
import { Field, wordsOf } from '../parts/field.tsx'
import { attempt } from '../parts/notices.tsx'
import { Secret } from '../parts/secret.tsx'
import { isAdmin } from '../session/session.ts'
import { invite } from './invitations.ts'

const DAY_SECONDS = 86_400

/** Creates an invitation, and shows its secret. */
export function InviteForm({ onClose }: { onClose(): void }) {
  const [email, roles, scope] = [useSignal(''), useSignal(''), useSignal('')]
  const days = useSignal('7')
  const send = useSignal(false)
  const secret = useSignal<string | null>(null)
  const create = () =>
    attempt(async () => {
      const rights = { roles: wordsOf(roles.value), scope: wordsOf(scope.value) }
      secret.value = await invite({
        ...(email.value === '' ? {} : { email: email.value.trim() }),
        ...(send.value ? { send: true } : {}),
        ...(rights.roles.length > 0 ? { roles: rights.roles } : {}),
        ...(rights.scope.length > 0 ? { scope: rights.scope } : {}),
        expiresInSeconds: Math.round(Number(days.value) * DAY_SECONDS)
      })
      return send.value ? `The invitation is sent to ${email.value}.` : 'The invitation is created.'
    })
  return (
    <form
      class="toolbar"
      onSubmit={(event) => {
        event.preventDefault()
        void create()
      }}
    >
      <Field name="E-mail address" value={email} placeholder="any" />
      {isAdmin() && (
        <>
          <Field name="Roles" value={roles} placeholder="of a new user" />
          <Field name="Scope" value={scope} placeholder="of a new user" />
        </>
      )}
      <Field name="Days" value={days} isRequired rule={['\\d{1,3}', 'a number of days']} />
      <label>
        <input
          type="checkbox"
          checked={send}
          disabled={email.value === ''}
          onChange={({ currentTarget }) => (send.value = currentTarget.checked)}
        />{' '}
        send it by e-mail
      </label>
      <button type="submit" class="primary">
        Create
      </button>
      <button type="button" onClick={onClose}>
        Cancel
      </button>
      {secret.value !== null && (
        <Secret
          title="Invitation"
          text="Anyone who has this secret can register with it, once. Give it to the person."
          secret={secret.value}
          onClose={onClose}
        />
      )}
    </form>
  )
}
