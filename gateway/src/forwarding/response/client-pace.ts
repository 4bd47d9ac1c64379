import type { ServerResponse } from 'node:http'
import { isGone } from '@gatehouse/http-service/http-two'
import type { UnreadResponses } from './unread-responses.ts'

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
  readonly unread: UnreadResponses
  /** whose response it is; null: no caller's */
  readonly caller: string | null
  /** The client has taken everything. */
  readonly onTaken: () => void
  /** The client has read nothing for too long, or too many responses wait. */
  readonly onUnread: () => void
}

/**
 * A response that has ended emits no `drain`, and one that breaks off does not either. So its end
 * and its close end the wait: a timer that runs on would keep the whole exchange in memory.
 */
export function clientPace(
  raw: ServerResponse,
  { unreadMs, unread, caller, onTaken, onUnread }: ClientPaceOptions
): ClientPace {
  let timer: NodeJS.Timeout | null = null
  let leave = (): void => {}
  const stop = (): void => {
    if (timer === null) return
    clearTimeout(timer)
    timer = null
    raw.off('drain', taken).off('close', stop)
    leave()
  }
  const giveUp = (): void => {
    stop()
    onUnread()
  }
  const taken = (): void => {
    stop()
    onTaken()
  }
  return {
    wait() {
      if (timer !== null || isGone(raw)) return
      timer = setTimeout(giveUp, unreadMs).unref()
      raw.on('drain', taken).on('close', stop)
      leave = unread.wait(caller, giveUp)
      // This response may be the one that is ended to free memory.
      if (timer === null) leave()
    },
    end: stop
  }
}
