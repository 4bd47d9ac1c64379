import { useSignal } from '@preact/signals'
import type { Client } from '../api/operator-api.ts'
import { withReach } from '../gateways/reach.tsx'
import { Confirm } from '../parts/confirm.tsx'
import { Mark } from '../parts/mark.tsx'
import { attempt } from '../parts/notices.tsx'
import { isAdmin, mayChange } from '../session/session.ts'
import { addSecret, disable, enable, type ShownSecret } from './clients.ts'

type RowProps = {
  readonly client: Client
  onSecret(secret: ShownSecret): void
}

/** A machine client: what it may do, and what can be done with it. */
export function ClientRow({ client, onSecret }: RowProps) {
  const { id, name, scope, receives, calls, authenticationMethod, disabled } = client
  return (
    <tr>
      <th scope="row">
        {name} <code>{id}</code>
      </th>
      <td data-name="Scope">{scope.join(' ') || 'none'}</td>
      <td data-name="Exchanges">
        {receives.length + calls.length === 0
          ? 'nothing'
          : `${receives.join(', ') || 'nothing'} for ${calls.join(', ') || 'nothing'}`}
      </td>
      <td data-name="State">
        <Mark tone={disabled ? 'bad' : 'good'}>{disabled ? 'disabled' : 'enabled'}</Mark>
        <span class="hint">{authenticationMethod}</span>
      </td>
      {mayChange() && (
        <td>
          <Choices client={client} onSecret={onSecret} />
        </td>
      )}
    </tr>
  )
}

function Choices({ client, onSecret }: RowProps) {
  const { name, id, disabled, authenticationMethod } = client
  const asked = useSignal<'disable' | 'secret' | null>(null)
  const allow = () => attempt(() => enable(client).then(() => `${name} can get tokens.`))
  const stop = () =>
    attempt(() => disable(client).then(() => withReach(`The tokens of ${name} are refused.`)))
  const renew = () =>
    attempt(async () => {
      onSecret(await addSecret(client))
      return `${name} has another secret. The previous one still works.`
    })
  const close = () => (asked.value = null)
  return (
    <div class="actions">
      {isAdmin() && authenticationMethod !== 'private_key_jwt' && (
        <button
          type="button"
          aria-label={`New secret for ${name} (${id})`}
          onClick={() => (asked.value = 'secret')}
        >
          New secret
        </button>
      )}
      {disabled ? (
        <button type="button" aria-label={`Enable ${name} (${id})`} onClick={() => void allow()}>
          Enable
        </button>
      ) : (
        <button
          type="button"
          class="danger"
          aria-label={`Disable ${name} (${id})`}
          onClick={() => (asked.value = 'disable')}
        >
          Disable
        </button>
      )}
      {asked.value === 'disable' && (
        <Confirm
          title="Disable this client?"
          name={name}
          action="Disable it"
          onConfirm={stop}
          onClose={close}
        >
          <p>It gets no tokens, and every gateway refuses those that it has within a second.</p>
        </Confirm>
      )}
      {asked.value === 'secret' && (
        <Confirm
          title="Create another secret?"
          name={name}
          action="Create it"
          onConfirm={renew}
          onClose={close}
        >
          <p>
            The newest of the present secrets continues to work. Older ones stop working at once.
          </p>
        </Confirm>
      )}
    </div>
  )
}
