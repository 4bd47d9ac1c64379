import { useSignal } from '@preact/signals'
import { Field, wordsOf } from '../parts/field.tsx'
import { attempt } from '../parts/notices.tsx'
import { createClient, type ShownSecret } from './clients.ts'

type NewClientProps = {
  onCreated(secret: ShownSecret): void
  onClose(): void
}

/** Creates a client that authenticates with a secret. */
export function NewClient({ onCreated, onClose }: NewClientProps) {
  const [name, scope] = [useSignal(''), useSignal('')]
  const create = () =>
    attempt(async () => {
      const made = await createClient({ name: name.value.trim(), scope: wordsOf(scope.value) })
      onCreated(made)
      return `The client ${made.client} can get tokens.`
    })
  return (
    <form
      class="toolbar"
      onSubmit={(event) => {
        event.preventDefault()
        void create()
      }}
    >
      <Field name="Name" value={name} isRequired placeholder="billing" />
      <Field name="Scope" value={scope} placeholder="orders:read" />
      <button type="submit" class="primary">
        Create
      </button>
      <button type="button" onClick={onClose}>
        Cancel
      </button>
    </form>
  )
}
