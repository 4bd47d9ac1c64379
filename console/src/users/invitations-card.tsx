import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { now } from '../api/server-time.ts'
import { changesOf } from '../live/live.ts'
import { Shown } from '../parts/loaded.tsx'
import { Mark, type Tone } from '../parts/mark.tsx'
import { attempt } from '../parts/notices.tsx'
import { ChangesHead, TableHead } from '../parts/table-head.tsx'
import { agoText } from '../parts/text.ts'
import { mayChange } from '../session/session.ts'
import { type Invitation, invitations, MOST, revoke } from './invitations.ts'
import { InviteForm } from './invite-form.tsx'

const tones: Readonly<Record<Invitation['state'], Tone>> = {
  open: 'wait',
  used: 'good',
  revoked: 'quiet',
  expired: 'quiet'
}

/** Who was invited to register. */
export function InvitationsCard() {
  const isInviting = useSignal(false)
  useEffect(() => void invitations.read(), [changesOf(/^invitation-/)])
  return (
    <section class="card" aria-labelledby="invitations">
      <div class="row">
        <h2 id="invitations">Invitations</h2>
        {mayChange() && !isInviting.value && (
          <button type="button" onClick={() => (isInviting.value = true)}>
            Invite …
          </button>
        )}
      </div>
      <p class="hint">
        For people who register as users. Operators have tokens, which are under{' '}
        <a href="#/operators">Operators</a>.
      </p>
      {isInviting.value && <InviteForm onClose={() => (isInviting.value = false)} />}
      <Shown of={invitations} what="the invitations">
        {(all) => (all.length === 0 ? <p class="hint">There are none.</p> : <List all={all} />)}
      </Shown>
    </section>
  )
}

function List({ all }: { readonly all: readonly Invitation[] }) {
  return (
    <>
      <table>
        <TableHead columns={['For', 'Rights', 'State']}>{mayChange() && <ChangesHead />}</TableHead>
        <tbody>
          {all.map((one) => (
            <Row key={one.id} invitation={one} />
          ))}
        </tbody>
      </table>
      {all.length === MOST && <p class="hint">The newest {MOST}.</p>}
    </>
  )
}

function Row({ invitation }: { readonly invitation: Invitation }) {
  const { email, roles, scope, state, expiresAt, usedBy } = invitation
  const rights = [...(roles ?? []), ...(scope ?? [])].join(' ')
  const whom = email ?? 'any address'
  const end = () =>
    attempt(() => revoke(invitation).then(() => 'Nobody can register with this invitation.'))
  return (
    <tr>
      <th scope="row">{whom}</th>
      <td data-name="Rights">{rights === '' ? 'those of a new user' : rights}</td>
      <td data-name="State">
        <Mark tone={tones[state]}>{state}</Mark>
        <span class="hint">
          {state === 'open' && `expires ${agoText(Date.parse(expiresAt), now.value)}`}
          {usedBy !== null && (
            <>
              by <a href={`#/users/${usedBy}`}>{usedBy}</a>
            </>
          )}
        </span>
      </td>
      {mayChange() && (
        <td>
          {state === 'open' && (
            <div class="actions">
              <button
                type="button"
                class="danger"
                aria-label={`Revoke the invitation for ${whom}`}
                onClick={() => void end()}
              >
                Revoke
              </button>
            </div>
          )}
        </td>
      )}
    </tr>
  )
}
