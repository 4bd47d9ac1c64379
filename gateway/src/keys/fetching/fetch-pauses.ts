/** between two successful fetches of a key set */
const REFRESH_MS = 60_000
/** after a failed fetch; doubled with each further failure */
const FIRST_PAUSE_MS = 200
/**
 * The longest pause that an issuer can ask for. With a longer one, keys that it has withdrawn would
 * stay in use too long.
 */
const LONGEST_RETRY_AFTER_MS = 10 * 60_000

/**
 * How long to wait before the next fetch, in milliseconds. The pauses grow with the failures, so
 * that waiting gateways do not keep an overloaded issuer down. They differ at random, so that many
 * gateways do not ask at the same moment.
 * @param failures how many fetches in a row have failed; 0 after a success
 * @param askedForMs what the issuer asked for (`Retry-After`): the minimum
 * @param longestMs the longest pause between failures
 * @param random from 0 to 1
 */
export function pauseAfter(
  failures: number,
  { askedForMs, longestMs }: { askedForMs: number; longestMs: number },
  random: number
): number {
  if (failures === 0) return REFRESH_MS * (0.9 + 0.2 * random)
  const grown = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), longestMs)
  return askedForMs * (1 + 0.1 * random) + grown * (0.5 + 0.5 * random)
}

/**
 * The time that a `Retry-After` asks for, in milliseconds: seconds, or a date (RFC 9110 §10.2.3). 0
 * if it cannot be read.
 */
export function retryAfterMs(value: string | null, nowMs: number): number {
  if (value === null) return 0
  const asked = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs
  return Number.isFinite(asked) ? Math.min(Math.max(asked, 0), LONGEST_RETRY_AFTER_MS) : 0
}
