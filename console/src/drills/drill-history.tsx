import { Mark } from '../parts/mark.tsx'
import { TableHead } from '../parts/table-head.tsx'
import { timeText } from '../parts/text.ts'
import { type DrillRun, resultText } from './drill-runs.ts'

/** Every run that the audit log has, the newest first. */
export function DrillHistory({ runs }: { readonly runs: readonly DrillRun[] }) {
  return (
    <section class="card" aria-labelledby="history">
      <h2 id="history">History</h2>
      {runs.length === 0 ? (
        <p>The audit log has no drill.</p>
      ) : (
        <table>
          <TableHead columns={['When', 'Drill', 'Gateways', 'Result', 'Operator']} />
          <tbody>
            {runs.map((run) => (
              <Row key={`${run.at} ${run.drill}`} run={run} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

function Row({ run }: { readonly run: DrillRun }) {
  const { at, drill, passed, asked, live, operator } = run
  return (
    <tr>
      <th scope="row">
        <time dateTime={at}>{timeText(at)}</time>
      </th>
      <td data-name="Drill">{drill}</td>
      <td data-name="Gateways">
        {asked} of {live} asked
      </td>
      <td data-name="Result">
        <Mark tone={passed ? 'good' : 'bad'}>{resultText(run)}</Mark>
      </td>
      <td data-name="Operator">{operator}</td>
    </tr>
  )
}
