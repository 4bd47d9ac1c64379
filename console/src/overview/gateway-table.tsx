import type { Gateway } from '../api/responses.ts'
import { now } from '../api/server-time.ts'
import { type Load, MOST_RATES, rateOf } from '../gateways/gateway-load.ts'
import { gatewayList, loads } from '../gateways/gateway-readings.ts'
import { isLate, isSilent, lagText, takesClients } from '../gateways/gateway-state.ts'
import { Shown } from '../parts/loaded.tsx'
import { Mark } from '../parts/mark.tsx'
import { Spark } from '../parts/spark.tsx'
import { TableHead } from '../parts/table-head.tsx'
import { memoryText, numberText, spanText } from '../parts/text.ts'

/** What each gateway does now. */
export function GatewayTable() {
  return (
    <section class="card" aria-labelledby="edges">
      <h2 id="edges">Gateways</h2>
      <Shown of={gatewayList} what="the gateways">
        {(all) => (all.length === 0 ? <p>No gateway is live.</p> : <Rows gateways={all} />)}
      </Shown>
    </section>
  )
}

const columns = ['Gateway', 'Revocations', 'Requests', '99 % within', 'Refused', 'Failed', 'Up for']

function Rows({ gateways }: { readonly gateways: readonly Gateway[] }) {
  return (
    <table class="edges">
      <TableHead columns={columns} />
      <tbody>
        {gateways.map((gateway) => (
          <Row key={gateway.id} gateway={gateway} load={loads.value.get(gateway.id)} />
        ))}
      </tbody>
    </table>
  )
}

type RowProps = { readonly gateway: Gateway; readonly load: Load | undefined }

function Row({ gateway, load }: RowProps) {
  const { name, vitals } = gateway
  const rate = rateOf(load)
  const rates = load?.rates ?? []
  const drawn = [...Array.from({ length: MOST_RATES - rates.length }, () => 0), ...rates]
  const perSecond = rate === null ? '…' : `${rate.toFixed(rate < 10 ? 1 : 0)} per second`
  return (
    <tr>
      <th scope="row">
        {name} <State gateway={gateway} />
      </th>
      <td data-name="Revocations">
        <Mark tone={isLate(gateway) ? 'bad' : 'good'}>{lagText(gateway)}</Mark>
      </td>
      {vitals === null ? (
        <td data-name="Requests" colSpan={5}>
          not known: an earlier version
        </td>
      ) : (
        <>
          <td data-name="Requests">
            <span class="rate">
              <Spark values={drawn} label={`Requests of ${name} in the last two minutes`} />
              {perSecond}
            </span>
          </td>
          <td data-name="99 % within">{latencyText(vitals.p99Seconds)}</td>
          <td data-name="Refused">{numberText(vitals.refusals)}</td>
          <td data-name="Failed">{numberText(vitals.serverErrors)}</td>
          <td data-name="Up for">
            {spanText(now.value - Date.parse(vitals.startedAt))}, {memoryText(vitals.memoryBytes)}
          </td>
        </>
      )}
    </tr>
  )
}

/** Why load balancers send it no new clients. */
function State({ gateway }: { readonly gateway: Gateway }) {
  if (isSilent(gateway)) return <Mark tone="bad">silent</Mark>
  if (gateway.drained === true) return <Mark tone="wait">drained</Mark>
  return takesClients(gateway) ? null : <Mark tone="bad">not ready</Mark>
}

/** The percentile is the upper end of a bucket. */
function latencyText(seconds: number | null): string {
  if (seconds === null) return 'no request'
  return seconds < 1 ? `${seconds * 1000} ms` : `${seconds} s`
}
