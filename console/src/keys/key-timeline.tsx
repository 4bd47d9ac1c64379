import { useSignal } from '@preact/signals'
import { now } from '../api/server-time.ts'
import { keys } from '../live/live.ts'
import { count, tickText } from '../parts/text.ts'
import { subject } from '../view.ts'
import { KeyLane } from './key-lane.tsx'
import { lanesOf, placeOf, rangeOf, spans, ticksOf, usualSpan } from './timeline.ts'

const LONGEST = Math.max(...spans.map(({ ms }) => ms))

/** The states of each key over time. */
export function KeyTimeline() {
  const chosen = useSignal<number | null>(null)
  const { value: all } = keys
  if (all === null) return null
  // An event can be about a key that has ended long ago.
  const usual = subject.value === '' ? usualSpan(all, now.value) : LONGEST
  const span = chosen.value ?? usual
  const range = rangeOf(all, span, now.value)
  const lanes = lanesOf(all, range, now.value)
  const hidden = all.length - lanes.length
  const line = placeOf({ from: now.value, to: now.value }, range)
  return (
    <section class="card" aria-labelledby="timeline">
      <div class="row">
        <h2 id="timeline">Signing keys</h2>
        <label class="span">
          Show the last{' '}
          <select
            value={String(span)}
            onChange={({ currentTarget }) => (chosen.value = Number(currentTarget.value))}
          >
            {spans.map(({ name, ms }) => (
              <option key={name} value={String(ms)}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Legend />
      <div class="lanes">
        <div class="axis" aria-hidden="true">
          {ticksOf(range).map((tick) => (
            <span key={tick} style={{ left: `${placeOf({ from: tick, to: tick }, range)?.left}%` }}>
              {tickText(tick, range.to - range.from)}
            </span>
          ))}
        </div>
        <ul>
          {lanes.map((lane) => (
            <KeyLane key={lane.key.kid} lane={lane} range={range} nowLeft={line?.left ?? null} />
          ))}
        </ul>
      </div>
      {hidden > 0 && <p class="hint">Not shown: {count(hidden, 'earlier key')}.</p>}
    </section>
  )
}

const parts = [
  ['standby', 'standby: published'],
  ['active', 'active: signs'],
  ['retiring', 'retiring: its tokens still work'],
  ['revoked', 'revoked']
] as const

function Legend() {
  return (
    <ul class="legend" aria-label="What the bars mean">
      {parts.map(([state, text]) => (
        <li key={state}>
          <span class={`bar ${state}`} aria-hidden="true" /> {text}
        </li>
      ))}
    </ul>
  )
}
