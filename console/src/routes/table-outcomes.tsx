import type { TableOutcomes } from '../api/route-responses.ts'
import { Mark } from '../parts/mark.tsx'
import { count } from '../parts/text.ts'
import { NoGateway, Unasked } from './no-gateway.tsx'

type OutcomesProps = {
  readonly outcomes: TableOutcomes
  /** what is true of a table without faults */
  readonly good: string
  readonly bad: string
}

/** What gateways found in a route table. */
export function Outcomes({ outcomes: { outcomes, unasked }, good, bad }: OutcomesProps) {
  if (outcomes.length === 0 && unasked.length === 0) return <NoGateway />
  return (
    <>
      <ul class="outcomes">
        {outcomes.map(({ gateways, done, faults, warnings, routes }) => (
          <li key={gateways[0]}>
            {done === null && <Mark tone="wait">No answer in time</Mark>}
            {done === true && (
              <Mark tone="good">
                {good} ({count(routes ?? 0, 'route')})
              </Mark>
            )}
            {done === false && <Mark tone="bad">{bad}</Mark>}{' '}
            <span class="hint">{gateways.join(', ')}</span>
            <Lines of={faults} />
            {warnings.length > 0 && <Mark tone="wait">Some rules do not apply everywhere</Mark>}
            <Lines of={warnings} />
          </li>
        ))}
      </ul>
      <Unasked gateways={unasked} />
    </>
  )
}

/** Faults or warnings, as the gateway words them. */
export function Lines({ of: lines }: { readonly of: readonly string[] }) {
  if (lines.length === 0) return null
  return (
    <ul class="faults">
      {lines.map((line) => (
        <li key={line}>
          <code>{line}</code>
        </li>
      ))}
    </ul>
  )
}
