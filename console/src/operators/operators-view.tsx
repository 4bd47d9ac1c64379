import { useEffect } from 'preact/hooks'
import { ask } from '../api/ask.ts'
import type * as api from '../api/operator-api.ts'
import type { Narrowed } from '../api/responses.ts'
import { now } from '../api/server-time.ts'
import { changesOf } from '../live/live.ts'
import { loaded, Shown } from '../parts/loaded.tsx'
import { Mark } from '../parts/mark.tsx'
import { attempt } from '../parts/notices.tsx'
import { ChangesHead, TableHead } from '../parts/table-head.tsx'
import { agoText, count, timeText } from '../parts/text.ts'
import { isAdmin, operator } from '../session/session.ts'

type NamedOperator = Narrowed<api.Operator, { readonly state: 'live' | 'expired' | 'revoked' }>

const operators = loaded(
  async () => (await ask<{ operators: NamedOperator[] }>('GET', '/ops/operators')).operators
)

/** The operators, and how to sign one out of the console. */
export function OperatorsView() {
  useEffect(() => void operators.read(), [changesOf(/^operator-/)])
  return (
    <section class="card" aria-labelledby="operators">
      <h2 id="operators">Operators</h2>
      <p class="hint">
        Each person has a token of their own. An admin creates one with{' '}
        <code>ops operators create NAME --role ROLE</code>; ROLE is viewer, operator or admin. The
        token of the installation (AUTH_OPS_TOKEN) is not in the list: its events name{' '}
        <code>bootstrap</code>. What needs two operators is under{' '}
        <a href="#/approvals">Approvals</a>.
      </p>
      <Shown of={operators} what="the operators">
        {(all) =>
          all.length === 0 ? <p>No one has a token of their own yet.</p> : <List all={all} />
        }
      </Shown>
    </section>
  )
}

function List({ all }: { readonly all: readonly NamedOperator[] }) {
  return (
    <table>
      <TableHead columns={['Name', 'Role', 'Token', 'Last used']}>
        <ChangesHead />
      </TableHead>
      <tbody>
        {all.map((one) => (
          <Row key={one.name} named={one} />
        ))}
      </tbody>
    </table>
  )
}

function Row({ named }: { readonly named: NamedOperator }) {
  const { name, role, state, expiresAt, lastUsedAt } = named
  const isLive = state === 'live'
  const mayEnd = isLive && (isAdmin() || operator.value?.name === name)
  const signOut = () =>
    attempt(async () => {
      const path = `/ops/operators/${encodeURIComponent(name)}/sessions`
      const { ended } = await ask<api.EndedOperatorSessions>('DELETE', path)
      return `${count(ended, 'session')} of ${name} in the console ended. The token still works.`
    })
  return (
    <tr>
      <th scope="row">{name}</th>
      <td data-name="Role">{role}</td>
      <td data-name="Token">
        <Mark tone={isLive ? 'good' : 'quiet'}>{state}</Mark>
        {isLive && <span class="hint">until {timeText(expiresAt)}</span>}
      </td>
      <td data-name="Last used">
        {lastUsedAt === null ? 'never' : agoText(Date.parse(lastUsedAt), now.value)}
      </td>
      <td>
        {mayEnd && (
          <div class="actions">
            <button type="button" aria-label={`Sign out: ${name}`} onClick={() => void signOut()}>
              Sign out
            </button>
          </div>
        )}
      </td>
    </tr>
  )
}
