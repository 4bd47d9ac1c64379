import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { missed } from '../live/live.ts'
import { Fault } from '../parts/loaded.tsx'
import { Runbook } from '../parts/runbook.tsx'
import { ViewOnly } from '../parts/view-only.tsx'
import { subject } from '../view.ts'
import { DeletionsCard } from './deletions-card.tsx'
import { fault, findAgain, findUser, found } from './found-user.ts'
import { InvitationsCard } from './invitations-card.tsx'
import { UserCard } from './user-card.tsx'

/** One user and their sessions. */
export function UsersView() {
  const named = subject.value
  const text = useSignal(named || (found.value?.user.email ?? ''))
  const shown = useRef('')
  useEffect(() => {
    const isNew = named !== '' && named !== shown.current
    shown.current = named
    if (isNew) text.value = named
    void (isNew ? findUser(named) : findAgain())
  }, [named, missed.value])
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
              class="who"
              placeholder="e-mail address or id"
              autocomplete="off"
              spellcheck={false}
              onInput={({ currentTarget }) => (text.value = currentTarget.value)}
            />
          </label>
          <button type="submit">Find</button>
        </form>
        {found.value === null && fault.value === null && (
          <p class="hint">
            Shows the live sessions, second factors and newest events of a user. From an event of
            the <a href="#/audit">audit log</a>, the id of a session leads here too. Runbook:{' '}
            <Runbook name="stolen-session">somebody else uses a user’s session</Runbook>.
          </p>
        )}
        <ViewOnly what="users, their sessions and invitations" />
        <Fault text={fault.value} />
      </section>
      {found.value !== null && <UserCard found={found.value} />}
      <DeletionsCard />
      <InvitationsCard />
    </>
  )
}
