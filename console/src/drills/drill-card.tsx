import { now } from '../api/server-time.ts'
import { Mark } from '../parts/mark.tsx'
import { Spark } from '../parts/spark.tsx'
import { agoText } from '../parts/text.ts'
import { type DrillRun, resultText } from './drill-runs.ts'

type CardProps = {
  readonly name: string
  readonly title: string
  readonly text: string
  readonly command: string
  /** of this drill, the newest first */
  readonly runs: readonly DrillRun[]
}

const MOST_DRAWN = 20
/** The time in which every gateway must refuse what is revoked. */
const ALLOWED_MS = 1000

/** So that a bar has the same width, however many there are. */
const missing = (count: number): number[] => Array.from({ length: MOST_DRAWN - count }, () => 0)

/** A drill: what it does, its newest result, and how long refusals took. */
export function DrillCard({ name, title, text, command, runs }: CardProps) {
  const [newest] = runs
  const measured = runs
    .map(({ worstMs }) => worstMs)
    .filter((ms) => ms !== null)
    .slice(0, MOST_DRAWN)
    .toReversed()
  return (
    <section class="card" aria-labelledby={`drill-${name}`}>
      <h2 id={`drill-${name}`}>{title}</h2>
      <p>{text}</p>
      <code class="command">
        {command.split(' ').map((word) => (
          <span key={word}>{word} </span>
        ))}
      </code>
      {newest === undefined ? (
        <p class="hint">It was never run.</p>
      ) : (
        <p>
          <Mark tone={newest.passed ? 'good' : 'bad'}>
            {newest.passed ? 'Passed' : 'Failed'} {agoText(Date.parse(newest.at), now.value)}.
          </Mark>{' '}
          {resultText(newest)}
        </p>
      )}
      {measured.length > 1 && (
        <figure>
          <Spark
            values={[...missing(measured.length), ...measured]}
            least={ALLOWED_MS / 10}
            label={`The slowest refusals of the last ${measured.length} runs: ${measured.join(', ')} ms`}
          />
          <figcaption class="hint">
            The slowest refusal of each run, {Math.max(...measured)} ms at most. The limit is{' '}
            {ALLOWED_MS} ms.
          </figcaption>
        </figure>
      )}
    </section>
  )
}
