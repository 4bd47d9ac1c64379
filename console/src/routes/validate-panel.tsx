import { signal } from '@preact/signals'
import { ask } from '../api/ask.ts'
import { messageOf } from '../api/problem.ts'
import type { TableOutcomes } from '../api/route-responses.ts'
import { Fault } from '../parts/loaded.tsx'
import { Outcomes } from './table-outcomes.tsx'

const table = signal('')
const isBusy = signal(false)
const found = signal<TableOutcomes | null>(null)
const fault = signal<string | null>(null)

async function validate(): Promise<void> {
  if (isBusy.value) return
  isBusy.value = true
  found.value = null
  try {
    found.value = await ask('POST', '/ops/routes/validate', { table: table.value })
    fault.value = null
  } catch (error) {
    fault.value = messageOf(error)
  }
  isBusy.value = false
}

/** Lets gateways read a table that is not in use. */
export function ValidatePanel() {
  return (
    <section class="card" aria-labelledby="validate">
      <h2 id="validate">Is a new table right?</h2>
      <p class="hint">
        A gateway of each release reads the table, and does not use it. The table can use only
        environment variables that the current table uses.
      </p>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault()
          void validate()
        }}
      >
        <label for="table">Route table (YAML)</label>
        <textarea
          id="table"
          required
          rows={table.value === '' ? 3 : 12}
          value={table}
          spellcheck={false}
          placeholder={'upstreams:\n  orders: http://orders:3002'}
          onInput={({ currentTarget }) => (table.value = currentTarget.value)}
        />
        <p class="buttons">
          <button type="submit" aria-disabled={isBusy.value}>
            {isBusy.value ? 'Asking …' : 'Validate'}
          </button>
        </p>
      </form>
      <Fault text={fault.value} />
      <div aria-live="polite">
        {found.value !== null && (
          <Outcomes outcomes={found.value} good="No fault" bad="Gateways would refuse it" />
        )}
      </div>
    </section>
  )
}
