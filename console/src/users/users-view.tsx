import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Fault } from '../parts/loaded.tsx'
import { subject } from '../view.ts'
import { fault, findUser, found } from './found-user.ts'
import { UserCard } from './user-card.tsx'

/** One user and their sessions. */
export function UsersView() {
  const named = subject.value
  const text = useSignal(named || (found.value?.user.email ?? ''))
  useEffect(() => {
    if (named !== '') text.value = named
    // What was found earlier may have changed.
    const id = named || found.value?.user.id
    if (id !== undefined) void findUser(id)
  }, [named])
  return (
    <>
      <section class="card" aria-labelledby="users">
        <h2 id="users">Sessions and users</h2>
        <form
          class="toolbar"
          onSubmit={(event) => {
            event.preventDefault()
            void findUser(text.value.trim())
          }}
        >
          <label>
            User{' '}
            <input
              required
              value={text}
              placeholder="e-mail address or id"
              autocomplete="off"
              spellcheck={false}
              onInput={({ currentTarget }) => (text.value = currentTarget.value)}
            />
          </label>
          <button type="submit">Find</button>
        </form>
        <Fault text={fault.value} />
      </section>
      {found.value !== null && <UserCard found={found.value} />}
    </>
  )
}
