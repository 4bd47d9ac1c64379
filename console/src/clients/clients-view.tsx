import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Client } from '../api/operator-api.ts'
import { changesOf } from '../live/live.ts'
import { Shown } from '../parts/loaded.tsx'
import { Secret } from '../parts/secret.tsx'
import { ChangesHead, TableHead } from '../parts/table-head.tsx'
import { ViewOnly } from '../parts/view-only.tsx'
import { isAdmin, mayChange } from '../session/session.ts'
import { ClientRow } from './client-row.tsx'
import { clients, type ShownSecret } from './clients.ts'
import { NewClient } from './new-client.tsx'

/** The machine clients (OAuth). */
export function ClientsView() {
  const isCreating = useSignal(false)
  const shown = useSignal<ShownSecret | null>(null)
  const show = (secret: ShownSecret) => {
    isCreating.value = false
    shown.value = secret
  }
  useEffect(() => void clients.read(), [changesOf(/^client-(?!token|auth)/)])
  return (
    <section class="card" aria-labelledby="clients">
      <div class="row">
        <h2 id="clients">Machine clients</h2>
        {isAdmin() && !isCreating.value && (
          <button type="button" onClick={() => (isCreating.value = true)}>
            New client …
          </button>
        )}
      </div>
      <p class="hint">
        Programs that get tokens of their own, or exchange those of users. To change what a client
        may exchange, use <code>npm run -s ops -- clients audiences</code>.
      </p>
      <ViewOnly what="the clients" />
      {mayChange() && !isAdmin() && (
        <p class="hint">Only an admin can create clients and secrets.</p>
      )}
      {isCreating.value && (
        <NewClient onCreated={show} onClose={() => (isCreating.value = false)} />
      )}
      <Shown of={clients} what="the clients">
        {(all) =>
          all.length === 0 ? (
            <p class="hint">There are none.</p>
          ) : (
            <List all={all} onSecret={show} />
          )
        }
      </Shown>
      {shown.value !== null && (
        <Secret
          title="Secret of the client"
          text={`The client ${shown.value.client} authenticates with it.`}
          secret={shown.value.secret}
          onClose={() => (shown.value = null)}
        />
      )}
    </section>
  )
}

type ListProps = {
  readonly all: readonly Client[]
  onSecret(secret: ShownSecret): void
}

function List({ all, onSecret }: ListProps) {
  return (
    <table>
      <TableHead columns={['Name', 'Scope', 'Exchanges', 'State']}>
        {mayChange() && <ChangesHead />}
      </TableHead>
      <tbody>
        {all.map((client) => (
          <ClientRow key={client.id} client={client} onSecret={onSecret} />
        ))}
      </tbody>
    </table>
  )
}
