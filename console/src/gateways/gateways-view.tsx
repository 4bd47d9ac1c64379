import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Gateway } from '../api/answers.ts'
import { ask } from '../api/ask.ts'
import { messageOf } from '../api/problem.ts'
import { keys } from '../live/live.ts'
import { count, shortKid } from '../parts/text.ts'

/** The lag changes all the time, so it is not sent as a live event. */
const EVERY_MS = 2000
/** the lag of a gateway that has never read the log */
const NEVER = Number.MAX_SAFE_INTEGER
/** Auth services write two heartbeats per second. */
const LATE_SECONDS = 5

const listed = signal<readonly Gateway[] | null>(null)
const fault = signal<string | null>(null)

async function read(): Promise<void> {
  try {
    listed.value = (await ask<{ gateways: Gateway[] }>('GET', '/ops/gateways')).gateways
    fault.value = null
  } catch (error) {
    fault.value = messageOf(error)
  }
}

/** The live gateways, and what each of them has. */
export function GatewaysView() {
  useEffect(() => {
    void read()
    const timer = setInterval(() => void (document.hidden || read()), EVERY_MS)
    return () => clearInterval(timer)
  }, [])
  const active = keys.value?.find(({ state }) => state === 'active')?.kid
  const all = listed.value
  return (
    <section class="card" aria-labelledby="gateways">
      <h2 id="gateways">Gateways</h2>
      {fault.value !== null && (
        <p class="notice fault" role="alert">
          {fault.value}
        </p>
      )}
      {all === null ? (
        <p>Waiting for the gateways …</p>
      ) : (
        <>
          <p class="hint">
            {count(all.length, 'live gateway')}. A gateway that has not announced itself for ten
            seconds is not listed.
          </p>
          <ul class="gateways">
            {all.map((gateway) => (
              <GatewayCard key={gateway.id} gateway={gateway} active={active} />
            ))}
          </ul>
        </>
      )}
    </section>
  )
}

type CardProps = { readonly gateway: Gateway; readonly active: string | undefined }

function GatewayCard({ gateway, active }: CardProps) {
  const { name, keySetVersion, kids, revocationLagSeconds: lag } = gateway
  const isLate = lag > LATE_SECONDS
  const lacks = active !== undefined && !kids.includes(active)
  return (
    <li class={isLate || lacks ? 'gateway bad' : 'gateway'}>
      <h3>{name}</h3>
      <dl>
        <dt>Revocations</dt>
        <dd>
          {lag === NEVER ? 'never read' : `${lag.toFixed(1)} s behind`}
          {isLate && <strong> – late</strong>}
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
      </dl>
    </li>
  )
}
