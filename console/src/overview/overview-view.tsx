import { useEffect } from 'preact/hooks'
import { now } from '../api/server-time.ts'
import { knownWaiting } from '../approvals/waiting.ts'
import { recentOf } from '../gateways/gateway-load.ts'
import { gatewayList, loads, useGatewayReadings } from '../gateways/gateway-readings.ts'
import { keys } from '../live/live.ts'
import { Fault, readEvery } from '../parts/loaded.tsx'
import { Mark } from '../parts/mark.tsx'
import { type Attention, attentionOf } from './attention.ts'
import { AuthCard } from './auth-card.tsx'
import { EventsCard } from './events-card.tsx'
import { GatewayTable } from './gateway-table.tsx'
import { KeyCard } from './key-card.tsx'
import { LogCard } from './log-card.tsx'
import { status } from './status.ts'

const STATUS_EVERY_MS = 6000

/** The state of the installation. */
export function OverviewView() {
  useEffect(() => readEvery(STATUS_EVERY_MS, status), [])
  useGatewayReadings()
  const { value: known } = status.content
  return (
    <>
      <Fault text={status.fault.value} />
      <State />
      <div class="tiles">
        <KeyCard rotationDays={known?.keyRotationDays ?? 0} />
        <AuthCard status={known} />
        <EventsCard status={known} />
        <LogCard status={known} />
      </div>
      <GatewayTable />
    </>
  )
}

/** What needs attention. */
function State() {
  const serverErrors = [...loads.value.values()]
    .map((load) => recentOf(load, 'serverErrors') ?? 0)
    .reduce((sum, one) => sum + one, 0)
  const known = {
    status: status.content.value,
    gateways: gatewayList.content.value,
    keys: keys.value,
    waiting: knownWaiting().filter(({ state }) => state === 'pending').length,
    serverErrors
  }
  const isKnown = known.status !== null && known.gateways !== null && known.keys !== null
  const found = attentionOf(known, now.value)
  return (
    <section class="card" aria-labelledby="state">
      <h2 id="state">State</h2>
      {!isKnown && <p>Waiting for the state of the installation …</p>}
      {isKnown && found.length === 0 && (
        <p class="verdict">
          <Mark tone="good">Nothing needs your attention.</Mark>
        </p>
      )}
      {found.length > 0 && (
        <ul class="attention">
          {found.map((one) => (
            <AttentionLine key={one.text} attention={one} />
          ))}
        </ul>
      )}
    </section>
  )
}

function AttentionLine({ attention }: { readonly attention: Attention }) {
  const { tone, text, view, kind } = attention
  return (
    <li>
      <Mark tone={tone}>{text}</Mark>{' '}
      {view !== null && (
        <a
          href={`#/${view}${kind === undefined ? '' : `/${kind}`}`}
          aria-label={`Look at it: ${text}`}
        >
          Look at it
        </a>
      )}
    </li>
  )
}
