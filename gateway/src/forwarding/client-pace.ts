import type { ServerResponse } from 'node:http'

/** Waits for a client that has not taken what was written to it. */
export type ClientPace = {
  /** Waits from now on, unless it waits already. */
  wait(): void
  /** Stops waiting: nothing else will be written. */
  end(): void
}

type ClientPaceOptions = {
  /** how long the client may read nothing */
  readonly unreadMs: number
  /** The client has taken everything. */
  readonly onTaken: () => void
  /** The client has read nothing for too long. */
  readonly onUnread: () => void
}

/**
 * A response that has ended emits no `drain`, and one that breaks off does not either. So whoever
 * ends it ends the wait, and its close does: a timer that runs on would keep the whole exchange in
 * memory.
 */
export function clientPace(
  raw: ServerResponse,
  { unreadMs, onTaken, onUnread }: ClientPaceOptions
): ClientPace {
  let unread: NodeJS.Timeout | null = null
  const stop = (): void => {
    if (unread === null) return
    clearTimeout(unread)
    unread = null
    raw.off('drain', taken).off('close', stop)
  }
  const taken = (): void => {
    stop()
    onTaken()
  }
  return {
    wait() {
      if (unread !== null || raw.destroyed) return
      unread = setTimeout(() => {
        stop()
        onUnread()
      }, unreadMs).unref()
      raw.on('drain', taken).on('close', stop)
    },
    end: stop
  }
}
