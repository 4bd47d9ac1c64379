import type { SigningKey } from '../api/responses.ts'
import { now } from '../api/server-time.ts'
import { Mark } from '../parts/mark.tsx'
import { agoText, shortKid } from '../parts/text.ts'
import { subject } from '../view.ts'
import { KeyActions } from './key-actions.tsx'
import { clockText } from './rotation.ts'
import { type Lane, placeOf, type Range } from './timeline.ts'

type LaneProps = {
  readonly lane: Lane
  readonly range: Range
  /** where now is, in per cent */
  readonly nowLeft: number | null
}

/** One key: what it is, its bar, and what can be done. */
export function KeyLane({ lane: { key, segments, end }, range, nowLeft }: LaneProps) {
  const revoked =
    key.state === 'revoked' && end !== null ? placeOf({ from: end, to: end }, range) : null
  return (
    <li class="lane">
      <div class="what">
        <code title={key.kid}>{shortKid(key.kid)}</code>
        <span class="algorithm">{key.algorithm}</span>
        <span class={`state ${key.state}`}>{key.state}</span>
        {key.kid === subject.value && <Mark tone="wait">the key of the event</Mark>}
        <span class="hint">{sentence(key, now.value)}</span>
      </div>
      <div class="track" aria-hidden="true">
        {segments.map((segment) => {
          const place = placeOf(segment, range)
          if (place === null) return null
          const style = { left: `${place.left}%`, width: `${place.width}%` }
          return <span key={segment.state} class={`bar ${segment.state}`} style={style} />
        })}
        {revoked !== null && <span class="cross" style={{ left: `${revoked.left}%` }} />}
        {nowLeft !== null && <span class="now" style={{ left: `${nowLeft}%` }} />}
      </div>
      <KeyActions signingKey={key} />
    </li>
  )
}

/** What a key does now, in words. */
function sentence(key: SigningKey, nowMs: number): string {
  const { state, createdAt, activatedAt, withdrawAt, endedAt } = key
  if (state === 'standby') return `created ${agoText(Date.parse(createdAt), nowMs)}`
  if (state === 'active') {
    return `began to sign ${agoText(Date.parse(activatedAt ?? createdAt), nowMs)}`
  }
  if (state === 'retiring' && withdrawAt !== null) {
    const seconds = Math.max(0, Math.ceil((Date.parse(withdrawAt) - nowMs) / 1000))
    return `its last token expires in ${clockText(seconds)}`
  }
  return `${state} ${agoText(Date.parse(endedAt ?? createdAt), nowMs)}`
}
