import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ask } from '../api/ask.ts'
import type { RouteTables, TableOutcomes } from '../api/route-responses.ts'
import { faultText, faultyFiles } from '../gateways/route-faults.ts'
import { gateways, missed } from '../live/live.ts'
import { loaded, Shown } from '../parts/loaded.tsx'
import { Mark } from '../parts/mark.tsx'
import { count } from '../parts/text.ts'
import { ViewOnly } from '../parts/view-only.tsx'
import { mayChange } from '../session/session.ts'
import { ExplainPanel } from './explain-panel.tsx'
import { NoGateway, Unasked } from './no-gateway.tsx'
import { ReloadButton } from './reload-button.tsx'
import { RouteList } from './route-list.tsx'
import { Lines, Outcomes } from './table-outcomes.tsx'
import { ValidatePanel } from './validate-panel.tsx'

const tables = loaded(() => ask<RouteTables>('GET', '/ops/routes'))

/** The route tables of the gateways, and what they do with a request. */
export function RoutesView() {
  const has = tablesOfGateways()
  useEffect(() => void tables.read(), [has, missed.value])
  return (
    <>
      <ExplainPanel />
      <TablesPanel />
      {mayChange() && <ValidatePanel />}
    </>
  )
}

function TablesPanel() {
  const isBusy = useSignal(false)
  const reloaded = useSignal<TableOutcomes | null>(null)
  const showReloaded = (outcomes: TableOutcomes) => {
    reloaded.value = outcomes
    void tables.read()
  }
  const readAgain = async () => {
    if (isBusy.value) return
    isBusy.value = true
    await tables.read()
    isBusy.value = false
  }
  return (
    <section class="card" aria-labelledby="routes">
      <div class="row">
        <h2 id="routes">Routes</h2>
        <div class="actions">
          <button type="button" aria-disabled={isBusy.value} onClick={() => void readAgain()}>
            {isBusy.value ? 'Asking …' : 'Ask again'}
          </button>
          {mayChange() && <ReloadButton onDone={showReloaded} />}
        </div>
      </div>
      <ViewOnly what="the route tables" change="validate or reload" />
      <FaultyFiles />
      {reloaded.value !== null && (
        <Outcomes
          outcomes={reloaded.value}
          good="Reloaded"
          bad="The new table has faults: the previous one stays in use"
        />
      )}
      <Shown of={tables} what="the gateways">
        {(content) => <Tables tables={content} />}
      </Shown>
    </section>
  )
}

/** Differs when a gateway has another table. */
const tablesOfGateways = (): string =>
  (gateways.value ?? []).map(({ id, vitals }) => `${id} ${vitals?.routesVersion}`).join()

/** What is wrong with files that gateways do not use. */
function FaultyFiles() {
  return (
    <>
      {faultyFiles(gateways.value ?? []).map((file) => (
        <div key={file.gateways[0]} class="table">
          <Mark tone="bad">{faultText(file)}</Mark>
          <Lines of={file.faults} />
          {file.gateways.length > 1 && <p class="hint">{file.gateways.join(', ')}</p>}
        </div>
      ))}
    </>
  )
}

function Tables({ tables: { tables: all, unasked } }: { readonly tables: RouteTables }) {
  if (all.length === 0 && unasked.length === 0) return <NoGateway />
  return (
    <>
      {all.map(({ version, gateways, routes, total }) => (
        <div key={`${version} ${gateways[0]}`} class="table">
          <p class="hint">
            Table <code>{version}</code> of {gateways.join(', ')}
            {total !== null && `: ${count(total, 'route')}`}
            {routes !== null && total !== null && routes.length < total
              ? `, the first ${routes.length} of them`
              : ''}
          </p>
          {routes === null ? <p>No answer in time.</p> : <RouteList routes={routes} />}
        </div>
      ))}
      <Unasked gateways={unasked} />
    </>
  )
}
