import { useSignal } from '@preact/signals'
import type { User } from '../api/responses.ts'
import { Field, wordsOf } from '../parts/field.tsx'
import { attempt } from '../parts/notices.tsx'
import { replaceable, setRights } from './found-user.ts'

/** Lets an admin change the roles and the scope of a user. */
export function RightsForm({ user }: { readonly user: User }) {
  const isOpen = useSignal(false)
  const before = replaceable(user)
  const roles = useSignal(before.roles.join(' '))
  const scope = useSignal(before.scope.join(' '))
  const save = () =>
    attempt(async () => {
      await setRights(user, { roles: wordsOf(roles.value), scope: wordsOf(scope.value) })
      isOpen.value = false
      return `The next access token of ${user.email} has these rights.`
    })
  if (!isOpen.value) {
    return (
      <p>
        <button type="button" onClick={() => (isOpen.value = true)}>
          Change roles and scope
        </button>
      </p>
    )
  }
  return (
    <form
      class="toolbar"
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <Field name="Roles" value={roles} />
      <Field name="Scope" value={scope} />
      <button type="submit" class="primary">
        Save
      </button>
      <button type="button" onClick={() => (isOpen.value = false)}>
        Cancel
      </button>
    </form>
  )
}
