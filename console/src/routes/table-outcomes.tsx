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
        {outcomes.map(({ gateways, done, faults, routes }) => (
          <li key={gateways[0]}>
            {done === null && <Mark tone="wait">No answer in time</Mark>}
            {done === true && (
              <Mark tone="good">
                {good} ({count(routes ?? 0, 'route')})
              </Mark>
            )}
            {done === false && <Mark tone="bad">{bad}</Mark>}{' '}
            <span class="hint">{gateways.join(', ')}</span>
            {faults.length > 0 && (
              <ul class="faults">
                {faults.map((fault) => (
                  <li key={fault}>
                    <code>{fault}</code>
                  </li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ul>
      <Unasked gateways={unasked} />
    </>
  )
}
