import type { Gateway, Vitals } from '../api/answers.ts'
import { now } from '../api/server-time.ts'
import { memoryText, numberText, shortKid, spanText } from '../parts/text.ts'
import { isLate, lagText } from './gateway-state.ts'

type CardProps = { readonly gateway: Gateway; readonly active: string | undefined }

/** A gateway, with its keys and what it did since its start. */
export function GatewayCard({ gateway, active }: CardProps) {
  const { name, keySetVersion, kids, vitals } = gateway
  const lacks = active !== undefined && !kids.includes(active)
  return (
    <li class={isLate(gateway) || lacks ? 'gateway bad' : 'gateway'}>
      <h3>{name}</h3>
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
