import type { SigningKey } from '../api/responses.ts'

/** A part of the life of a key, in milliseconds since 1970. */
export type Segment = {
  readonly state: 'standby' | 'active' | 'retiring'
  readonly from: number
  readonly to: number
}

/** The life of a key. */
export type Lane = {
  readonly key: SigningKey
  readonly segments: readonly Segment[]
  /** when it was retired or revoked */
  readonly end: number | null
}

/** What the timeline shows, in milliseconds since 1970. */
export type Range = { readonly from: number; readonly to: number }

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** The lengths of the past that can be chosen. */
export const spans = [
  { name: '15 minutes', ms: 15 * MINUTE },
  { name: '1 hour', ms: HOUR },
  { name: '1 day', ms: DAY },
  { name: '30 days', ms: 30 * DAY },
  { name: '1 year', ms: 365 * DAY }
] as const

/** The shortest span in which the active key began to sign, and its predecessor is visible. */
export function usualSpan(keys: readonly SigningKey[], now: number): number {
  const active = keys.find(({ state }) => state === 'active')
  const age = now - time(active?.activatedAt ?? null, now)
  return (spans.find(({ ms }) => ms * 0.8 >= age) ?? spans[spans.length - 1])?.ms ?? DAY
}

/** The past of a span, and the future until the last token of a retiring key has expired. */
export function rangeOf(keys: readonly SigningKey[], spanMs: number, now: number): Range {
  const ends = keys
    .filter(({ state }) => state === 'retiring')
    .map(({ withdrawAt }) => time(withdrawAt, now))
  const from = now - spanMs
  const least = now + spanMs * 0.08
  return { from, to: Math.min(Math.max(least, ...ends), now + spanMs) }
}

/** The lanes of the keys that a range shows: those in use first, then the newest. */
export function lanesOf(keys: readonly SigningKey[], range: Range, now: number): Lane[] {
  return keys
    .map((key) => laneOf(key, now))
    .filter(({ key, end }) => end === null || end >= range.from || !isEnded(key))
    .toSorted((one, other) => rank(one) - rank(other) || begin(other) - begin(one))
}

const isEnded = ({ state }: SigningKey): boolean => state === 'retired' || state === 'revoked'

const rank = ({ key: { state } }: Lane): number =>
  ['standby', 'active', 'retiring', 'revoked', 'retired'].indexOf(state)

const begin = ({ key }: Lane): number => time(key.createdAt, 0)

function laneOf(key: SigningKey, now: number): Lane {
  const { createdAt, activatedAt, retiringAt, withdrawAt, endedAt } = key
  const end = endedAt === null ? null : Date.parse(endedAt)
  const last = end ?? now
  const active = time(activatedAt, last)
  const retiring = time(retiringAt, last)
  const out = Math.min(end ?? time(withdrawAt, last), time(withdrawAt, last))
  const parts: Segment[] = [
    { state: 'standby', from: time(createdAt, last), to: Math.min(active, last) },
    { state: 'active', from: active, to: Math.min(retiring, last) },
    { state: 'retiring', from: retiring, to: Math.max(retiring, out) }
  ]
  return { key, end, segments: parts.filter(({ from, to }) => to > from) }
}

const time = (instant: string | null, otherwise: number): number =>
  instant === null ? otherwise : Date.parse(instant)

/** Where a part is, in per cent of the range; null: outside. */
export function placeOf(
  { from, to }: { readonly from: number; readonly to: number },
  range: Range
): { readonly left: number; readonly width: number } | null {
  const length = range.to - range.from
  const begin = Math.max(from, range.from)
  const end = Math.min(to, range.to)
  if (end < range.from || begin > range.to) return null
  return {
    left: ((begin - range.from) / length) * 100,
    width: (Math.max(0, end - begin) / length) * 100
  }
}

/** Times for the axis: four, evenly spread. */
export const ticksOf = ({ from, to }: Range): number[] =>
  [0.1, 0.35, 0.6, 0.85].map((part) => from + (to - from) * part)
