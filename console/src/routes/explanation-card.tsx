import type { ExplainedRequest, Explanation } from '../api/route-responses.ts'
import { Fact } from '../parts/facts.tsx'
import { Mark } from '../parts/mark.tsx'

type CardProps = {
  /** method and path */
  readonly asked: string
  readonly answer: ExplainedRequest['answers'][number]
  /** false: gateways have different tables */
  readonly isOnly: boolean
}

/** What gateways with one table do with a request. */
export function ExplanationCard({ asked, answer, isOnly }: CardProps) {
  const { version, gateways, explanation, refusal } = answer
  return (
    <article class="explanation">
      <h3>
        <code>{asked}</code>
      </h3>
      {!isOnly && (
        <p class="hint">
          {gateways.join(', ')}, with the table <code>{version}</code>
        </p>
      )}
      {refusal !== null && (
        <p>
          <Mark tone="bad">
            Everyone gets {refusal.status} <code>{refusal.code}</code>: {refusal.why}.
          </Mark>
        </p>
      )}
      {explanation !== null && <Reasons explanation={explanation} />}
      {refusal === null && explanation === null && <p>No answer in time.</p>}
    </article>
  )
}

function Reasons({ explanation }: { readonly explanation: Explanation }) {
  const { route, why, needs, goes, headers, answer, limits, verified } = explanation
  return (
    <dl class="reasons">
      <Fact name="Route">
        <strong>{route}</strong>: {why}
      </Fact>
      <Fact name="Requires">{needs}</Fact>
      <Lines name="Sent as" lines={goes} isCode />
      <Lines name="Headers" lines={headers} />
      <Lines name="Response" lines={answer} />
      <Lines name="Limits" lines={limits} />
      <Lines name="Forward authentication" lines={verified} />
    </dl>
  )
}

type LinesProps = {
  readonly name: string
  readonly lines: readonly string[]
  readonly isCode?: boolean
}

function Lines({ name, lines, isCode = false }: LinesProps) {
  return (
    <Fact name={name}>
      <ul>
        {lines.map((one) => (
          <li key={one}>{isCode ? <code>{one}</code> : one}</li>
        ))}
      </ul>
    </Fact>
  )
}
