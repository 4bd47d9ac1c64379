import { useEffect } from 'preact/hooks'
import { ask } from '../api/ask.ts'
import type { Deletions } from '../api/operator-api.ts'
import type { User } from '../api/responses.ts'
import { now } from '../api/server-time.ts'
import { changesOf } from '../live/live.ts'
import { loaded, Shown } from '../parts/loaded.tsx'
import { Mark } from '../parts/mark.tsx'
import { attempt } from '../parts/notices.tsx'
import { ChangesHead, TableHead } from '../parts/table-head.tsx'
import { agoText, timeText } from '../parts/text.ts'
import { mayChange } from '../session/session.ts'
import { enable } from './found-user.ts'

const MOST = 100

const deletions = loaded(() => ask<Deletions>('GET', `/ops/deletions?limit=${MOST}`))

/**
 * Accounts whose users have deleted them, while they can still be kept. Absent if there are none.
 */
export function DeletionsCard() {
  useEffect(() => void deletions.read(), [changesOf(/^(deletion-|user-)/)])
  const { value: read } = deletions.content
  const isEmpty = read === null || read.users.length === 0
  if (isEmpty && deletions.fault.value === null) return null
  return (
    <section class="card" aria-labelledby="deletions">
      <h2 id="deletions">Coming deletions</h2>
      <p class="hint">
        These users have deleted their accounts. An account is kept if its user signs in, or if you
        keep it.
      </p>
      <Shown of={deletions} what="the deletions">
        {({ users }) => (
          <table>
            <TableHead columns={['User', 'Deleted']}>{mayChange() && <ChangesHead />}</TableHead>
            <tbody>
              {users.map((user) => (
                <Row key={user.id} user={user} />
              ))}
            </tbody>
          </table>
        )}
      </Shown>
    </section>
  )
}

function Row({ user }: { readonly user: User }) {
  const { id, email, disabled, deletionAt } = user
  const due = Date.parse(deletionAt ?? '')
  const keep = () =>
    attempt(async () => {
      try {
        await enable(user)
      } finally {
        await deletions.read()
      }
      return `${email} keeps the account, and can sign in.`
    })
  return (
    <tr>
      <th scope="row">
        <a href={`#/users/${id}`}>{email}</a>
      </th>
      <td data-name="Deleted">
        {disabled && <Mark tone="quiet">Not while the user is disabled</Mark>}
        {!disabled && due <= now.value && <Mark tone="bad">Due {agoText(due, now.value)}</Mark>}
        {!disabled && due > now.value && (
          <>
            {agoText(due, now.value)} <span class="hint">{timeText(deletionAt ?? '')}</span>
          </>
        )}
      </td>
      {mayChange() && (
        <td>
          <div class="actions">
            <button
              type="button"
              aria-label={`Keep the account of ${email}`}
              onClick={() => void keep()}
            >
              Keep
            </button>
          </div>
        </td>
      )}
    </tr>
  )
}
