import type { Gateway, Vitals } from '../api/responses.ts'
import { now } from '../api/server-time.ts'
import { Mark } from '../parts/mark.tsx'
import { memoryText, numberText, shortKid, spanText } from '../parts/text.ts'
import { mayChange } from '../session/session.ts'
import { DrainButton } from './drain-button.tsx'
import { isLate, isOtherLeft, isSilent, lagText, SILENT, takesClients } from './gateway-state.ts'

type CardProps = {
  readonly gateway: Gateway
  /** the id of the active signing key */
  readonly active: string | undefined
  /** the live gateways */
  readonly all: readonly Gateway[]
}

/** A gateway, with its keys and what it did since its start. */
export function GatewayCard({ gateway, active, all }: CardProps) {
  const { name, keySetVersion, kids, vitals, instance, drained, failing, routeFaults } = gateway
  const workers = all.filter((one) => one.instance === instance).length
  const lacks = active !== undefined && !kids.includes(active)
  return (
    <li class={isLate(gateway) || isSilent(gateway) || lacks ? 'gateway bad' : 'gateway'}>
      <div class="row">
        <h3>{name}</h3>
        {mayChange() && drained !== null && (
          <DrainButton gateway={gateway} isOtherLeft={isOtherLeft(gateway, all)} />
        )}
      </div>
      {drained === true && <Mark tone="wait">Drained: no new clients should come</Mark>}
      {drained !== true && !takesClients(gateway) && (
        <Mark tone="bad">Not ready: {failing?.join('; ')}</Mark>
      )}
      {isSilent(gateway) && <Mark tone="bad">It {SILENT}</Mark>}
      {routeFaults !== null && routeFaults.length > 0 && (
        <Mark tone="bad">Its route file has faults: it keeps the previous table</Mark>
      )}
      {workers > 1 && <p class="hint">One of {workers} workers. A drain concerns all of them.</p>}
      <dl>
        <dt>Revocations</dt>
        <dd>
          {lagText(gateway)}
          {isLate(gateway) && <strong> – late</strong>}
        </dd>
        <dt>Key set</dt>
        <dd>
          <code>{keySetVersion === '' ? 'none' : keySetVersion}</code>
        </dd>
        <dt>Keys</dt>
        <dd>
          {kids.map((kid) => (
            <code key={kid} class={kid === active ? 'signing' : ''}>
              {shortKid(kid)}{' '}
            </code>
          ))}
          {lacks && <strong>does not have the active key</strong>}
        </dd>
        {vitals !== null && <VitalFacts vitals={vitals} />}
      </dl>
    </li>
  )
}

function VitalFacts({ vitals }: { readonly vitals: Vitals }) {
  const { version, startedAt, memoryBytes, requests, refusals, serverErrors } = vitals
  return (
    <>
      <dt>Routes</dt>
      <dd>
        <code>{vitals.routesVersion}</code>
      </dd>
      <dt>Requests</dt>
      <dd>
        {numberText(requests)}, of which {numberText(refusals)} refused and{' '}
        {numberText(serverErrors)} failed
      </dd>
      <dt>Up for</dt>
      <dd>
        {spanText(now.value - Date.parse(startedAt))}, {memoryText(memoryBytes)}, version {version}
      </dd>
    </>
  )
}
