import { Type } from 'typebox'
import { isStorableText } from '../../database/statements/storable.ts'
import { type DeliveryState, deliveryStates } from '../../outbox/delivery.ts'
import { invalidParameter } from '../http-refusals.ts'

const MOST = 1000
const DEFAULT = 100
const LONGEST_INSTANT = 32

/**
 * A query has only text. `readLimit` reads the number, and says what is wrong with another text.
 */
export const Limit = Type.String({
  default: String(DEFAULT),
  maxLength: LONGEST_INSTANT,
  description: 'The maximum number of entries in the response.',
  contentMediaType: 'application/json',
  contentSchema: Type.Integer({ minimum: 1, maximum: MOST, examples: [DEFAULT] })
})

/** The number of the entry after which a page begins. `readAfter` reads it. */
export const After = Type.String({
  default: '0',
  maxLength: LONGEST_INSTANT,
  description: 'Only entries with a higher number.',
  contentMediaType: 'application/json',
  contentSchema: Type.Integer({ minimum: 0, examples: [0] })
})

export const Instant = Type.String({
  maxLength: LONGEST_INSTANT,
  description: 'Only what happened at this time or later. ISO 8601, in UTC.',
  examples: ['2026-11-23T10:00:00Z']
})

export const DeliveryStateQuery = Type.Optional(
  Type.String({
    maxLength: 16,
    description: `Only those in this state: ${deliveryStates.join(', ')}.`,
    examples: ['dead']
  })
)

/** @throws Refusal INVALID_REQUEST */
export function readDeliveryState(text: string): DeliveryState {
  const state = deliveryStates.find((one) => one === text)
  if (state === undefined) {
    throw invalidParameter('state', `must be one of: ${deliveryStates.join(', ')}`)
  }
  return state
}

/**
 * The maximum number of entries in a response.
 * @throws Refusal INVALID_REQUEST
 */
export function readLimit(text: string): number {
  const limit = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0
  if (limit === 0 || limit > MOST) {
    throw invalidParameter('limit', `must be a whole number from 1 to ${MOST}`)
  }
  return limit
}

/** @throws Refusal INVALID_REQUEST */
export function readAfter(text: string): number {
  const after = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(after)) throw invalidParameter('after', 'must be a whole number')
  return after
}

/**
 * Milliseconds since 1970. A date that does not exist is refused; Date.parse would use the next
 * one.
 * @throws Refusal INVALID_REQUEST
 */
export function readInstant(name: string, text: string): number {
  const date = new Date(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) ? text : Number.NaN)
  const isReal =
    !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === text.slice(0, 10)
  if (!isReal) {
    throw invalidParameter(name, 'must be an instant in UTC, such as 2026-11-23T10:00:00Z')
  }
  return date.getTime()
}

/**
 * The text after which a page begins.
 * @throws Refusal INVALID_REQUEST
 */
export function readPlace(name: string, text: string): string {
  if (!isStorableText(text)) {
    throw invalidParameter(name, 'must be an e-mail address, or the beginning of one')
  }
  return text
}
