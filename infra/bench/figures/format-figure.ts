import type { Goal, Unit } from './figure.ts'
import type { Spread } from './statistics.ts'

/** The digits after the decimal point. */
const DIGITS: Readonly<Record<Unit, number>> = {
  ratio: 2,
  µs: 0,
  s: 2,
  MiB: 0,
  bytes: 1,
  count: 0,
  '%': 0,
  'per second': 0
}

const SUFFIX: Readonly<Record<Unit, string>> = {
  ratio: '',
  µs: ' µs',
  s: ' s',
  MiB: ' MiB',
  bytes: ' bytes',
  count: '',
  '%': ' %',
  'per second': ' per second'
}

/** A count of several rounds can have a fraction. */
function digits(value: number, unit: Unit): string {
  const most = unit === 'count' && !Number.isInteger(value) ? 2 : DIGITS[unit]
  return value.toLocaleString('en', { minimumFractionDigits: most, maximumFractionDigits: most })
}

/** A value as a person reads it, with its unit. */
export const formatValue = (value: number, unit: Unit): string =>
  `${digits(value, unit)}${SUFFIX[unit]}`

/** The lowest and the highest value; empty if they look the same. */
export function formatSpread({ min, max }: Spread, unit: Unit): string {
  const [from, to] = [digits(min, unit), digits(max, unit)]
  return from === to ? '' : `${from}–${to}`
}

export function formatGoal(goal: Goal | null, unit: Unit): string {
  if (goal === null) return ''
  const { atLeast, atMost } = goal
  if (atLeast !== undefined && atMost !== undefined) {
    return `${digits(atLeast, unit)} to ${formatValue(atMost, unit)}`
  }
  if (atLeast !== undefined) return `≥ ${formatValue(atLeast, unit)}`
  return atMost === 0 ? '0' : `≤ ${formatValue(atMost ?? Number.NaN, unit)}`
}

/** Whether a value reaches its goal. */
export const reaches = (value: number, { atMost, atLeast }: Goal): boolean =>
  value <= (atMost ?? Number.POSITIVE_INFINITY) && value >= (atLeast ?? Number.NEGATIVE_INFINITY)
