import type { Status } from '../api/responses.ts'
import { Spark } from '../parts/spark.tsx'
import { numberText } from '../parts/text.ts'
import { eventsOf } from './attention.ts'

/** What is drawn of the last hour. */
const rows = [
  { name: 'Sign-ins', kinds: ['login'], tone: 'good' },
  {
    name: 'Refused',
    kinds: [
      'login-failed',
      'factor-failed',
      'client-authentication-failed',
      'invitation-refused',
      'mail-token-refused'
    ],
    tone: 'bad'
  },
  { name: 'Reused refresh tokens', kinds: ['refresh-reused'], tone: 'bad' },
  {
    name: 'Ended sessions',
    kinds: ['logout', 'logout-all', 'session-ended', 'session-evicted', 'all-sessions-ended'],
    tone: 'accent'
  }
] as const

/** The last hour in the audit log. */
export function EventsCard({ status }: { readonly status: Status | null }) {
  return (
    <section class="card" aria-labelledby="hour">
      <h2 id="hour">The last hour</h2>
      {status === null ? <p>Waiting …</p> : <Rows events={status.events} />}
    </section>
  )
}

function Rows({ events }: { readonly events: Status['events'] }) {
  return (
    <>
      <ul class="hour">
        {rows.map(({ name, kinds, tone }) => {
          const sum = eventsOf(events, kinds)
          return (
            <li key={name}>
              <span>{name}</span>
              <strong>{numberText(sum)}</strong>
              <Spark
                values={countsOf(events, kinds)}
                label={`${name} in the last hour, every five minutes: ${sum} in all`}
                least={4}
                tone={tone}
              />
            </li>
          )
        })}
      </ul>
      <p class="hint">
        {events.isComplete
          ? 'From the audit log, which leaves out repeated refusals.'
          : 'From the newest 10,000 events of the audit log.'}
      </p>
    </>
  )
}

/** The events of some kinds, by interval. */
function countsOf({ kinds }: Status['events'], names: readonly string[]): number[] {
  const counts = Array.from({ length: 12 }, () => 0)
  for (const { kind, counts: own } of kinds) {
    if (!names.includes(kind)) continue
    for (const [place, one] of own.entries()) counts[place] = (counts[place] ?? 0) + one
  }
  return counts
}
