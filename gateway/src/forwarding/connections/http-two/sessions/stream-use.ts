/** The streams of a connection, which is closed when none has used it for a while. */
export type StreamUse = {
  /** how many streams are open */
  readonly streams: number
  /** whether no further stream may begin */
  readonly isEnding: boolean
  opened(): void
  closed(): void
  /** Allows no further stream. */
  end(): void
  /** Begins to wait if no stream is open. */
  check(): void
  /** The connection has closed. */
  stop(): void
}

type Ends = {
  /** No stream has used the connection for the idle time. */
  onIdle(): void
  /** No stream is left, and the service has had the time to close it. */
  onLeft(): void
}

/** How long a service may take to close a connection without streams after its end. */
const CLOSE_MS = 2000

export function streamUse(idleMs: number, { onIdle, onLeft }: Ends): StreamUse {
  let streams = 0
  let isEnding = false
  let unused: NodeJS.Timeout | undefined
  const check = (): void => {
    if (streams > 0) return
    clearTimeout(unused)
    unused = isEnding ? setTimeout(onLeft, CLOSE_MS).unref() : setTimeout(onIdle, idleMs).unref()
  }
  return {
    get streams() {
      return streams
    },
    get isEnding() {
      return isEnding
    },
    opened() {
      streams += 1
      clearTimeout(unused)
    },
    closed() {
      streams -= 1
      check()
    },
    end() {
      isEnding = true
      check()
    },
    check,
    stop: () => clearTimeout(unused)
  }
}
