/** How often the gateway has reset streams of a connection, because their clients left. */
export type ResetCount = {
  note(): void
  /** whether no further request should begin on the connection */
  isHigh(): boolean
}

/**
 * Services count the resets of a connection, and end it with all of its requests if there are many
 * (CVE-2023-44487): Netty after 200 in 30 s, Jetty after 128 in a second, Node.js after 1,000. With
 * the streams that may still be open, a connection stays below these limits.
 */
const MOST_RESETS = 64
const MOST_PER_SECOND = 16

/** @param clock in milliseconds, never set back */
export function resetCount(clock: () => number): ResetCount {
  let count = 0
  let isHigh = false
  let second = { beganMs: clock(), count: 0 }
  return {
    note() {
      const nowMs = clock()
      if (nowMs - second.beganMs >= 1000) second = { beganMs: nowMs, count: 0 }
      count += 1
      second.count += 1
      isHigh ||= count >= MOST_RESETS || second.count >= MOST_PER_SECOND
    },
    isHigh: () => isHigh
  }
}
