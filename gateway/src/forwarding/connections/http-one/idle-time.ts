import { TICK_MS } from './tick.ts'

/** The gateway closes an idle connection after this time if the service promises nothing. */
const IDLE_MS = 4000
/**
 * How much earlier than promised the connection is no longer used: the last response and the next
 * request need time to travel, and both sides can be busy.
 */
const MARGIN_MS = 2000

const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Options of undici with which it closes no idle connection: it does not know the requests that it
 * did not send.
 */
export const NEVER_IDLE = {
  keepAliveTimeout: LONGEST_TIMER_MS,
  keepAliveMaxTimeout: LONGEST_TIMER_MS,
  keepAliveTimeoutThreshold: -LONGEST_TIMER_MS
}

type Headers = Readonly<Record<string, unknown>>

/** How long a connection has been idle, and may be. */
export type IdleTime = {
  /** how many responses have begun on it */
  readonly responses: number
  /** Reads from the headers of a response how long the service keeps the connection. */
  note(headers: Headers): void
  /** It is idle from now on; false: its service may close it at any moment. */
  begin(): boolean
  /** It carries a request. */
  end(): void
  /** Called every `TICK_MS`. Returns whether it has been idle for too long. */
  tick(): boolean
  /**
   * Whether the service has promised to keep the connection open for longer than it has been idle.
   * @param keptSeconds the operator's setting, used if the service says nothing
   */
  isPromised(keptSeconds: number): boolean
}

/** @param monotonicClock in milliseconds */
export function idleTime(monotonicClock: () => number): IdleTime {
  let responses = 0
  // null: the service promises nothing
  let promisedMs: number | null = null
  // When the last response began. The service counts from its end, so this is on the safe side.
  let lastResponseMs = 0
  // 0: it is not idle
  let ticksLeft = 0
  return {
    get responses() {
      return responses
    },
    note(headers) {
      responses += 1
      promisedMs = promiseOf(headers['keep-alive'])
      lastResponseMs = monotonicClock()
    },
    begin() {
      const idleMs = promisedMs === null ? IDLE_MS : promisedMs - MARGIN_MS
      ticksLeft = Math.ceil(idleMs / TICK_MS)
      return idleMs > 0
    },
    end() {
      ticksLeft = 0
    },
    tick() {
      if (ticksLeft === 0) return false
      ticksLeft -= 1
      return ticksLeft === 0
    },
    isPromised(keptSeconds) {
      const keptMs = promisedMs ?? keptSeconds * 1000
      return monotonicClock() - lastResponseMs < keptMs - MARGIN_MS
    }
  }
}

/** How long a service promises to keep an idle connection; null if it promises nothing. */
function promiseOf(keepAlive: unknown): number | null {
  if (keepAlive === undefined) return null
  const seconds = /(?:^|[,; ])timeout=(\d{1,6})/i.exec(String(keepAlive))?.[1]
  return seconds === undefined ? null : Number(seconds) * 1000
}
