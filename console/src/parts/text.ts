const short = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' })
const ago = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' })

const DAY_MS = 86_400_000

const units = [
  ['day', DAY_MS],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000]
] as const

/** A date and a time. */
export const timeText = (instant: string): string => short.format(new Date(instant))

/** A time of the axis: of the day if the axis has a few hours, a date otherwise. */
export const tickText = (time: number, spanMs: number): string =>
  (spanMs > 2 * DAY_MS ? day : clock).format(time)

/** How long ago something was, or how soon it is: "3 minutes ago". */
export function agoText(time: number, now: number): string {
  const ms = time - now
  const [unit, length] = units.find(([, length]) => Math.abs(ms) >= length) ?? ['second', 1000]
  return ago.format(Math.trunc(ms / length), unit)
}

/** The beginning of the id of a key, by which people recognise it. */
export const shortKid = (kid: string): string => kid.slice(0, 8)

/** The beginning of the id of a session, long enough to confirm which one is meant. */
export const shortId = (id: string): string => id.slice(0, 8)

/** "1 gateway", "4 gateways" */
export const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`

/** A number, with the separators of the reader's language. */
export const numberText = (number: number): string => number.toLocaleString()

/** Bytes as people read them: "118 MB". */
export const memoryText = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`

/** How long something has lasted: "3 days", "5 minutes". */
export function spanText(ms: number): string {
  const [unit, length] = units.find(([, length]) => ms >= length) ?? ['second', 1000]
  return count(Math.max(0, Math.floor(ms / length)), unit)
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/

/** Whether this has the form of the id of a user: a UUID in lower case. */
export const isUserId = (value: unknown): value is string =>
  typeof value === 'string' && UUID.test(value)
