import type { ServerResponse } from 'node:http'
import { breakOff, breakOffUnlessClosed } from '@gatehouse/http-service/http-two'
import type { VerifiedToken } from '../tokens/access-token-verifier.ts'
import type { Lifetimes, Over } from './lifetimes.ts'
import type { ResponseHeaders } from './response-headers.ts'

/** How long a client may take to read the last event. */
const UNREAD_MS = 5000

/** How long the rest of an event may take when the gateway shuts down. */
const REST_OF_EVENT_MS = 2000

/** The last event of a stream that the gateway ends; its data is the error's code. */
export const LAST_EVENT = 'gatehouse-end'

/** An event stream (HTML standard §9.2) is answered as long as its token is good, and not only asked for with it. */
export const isEventStream = (headers: ResponseHeaders): boolean =>
  /^text\/event-stream *(;|$)/i.test(String(headers['content-type'] ?? ''))

export type EventStream = {
  /** Takes note of what has gone to the client. */
  note(chunk: Buffer): void
  /** Ends it as soon as an event has ended, because the gateway shuts down. */
  shutDown(): void
}

/** Why a stream ends: the code of an error that says what the client should do. */
type EndCode = Over | typeof SHUTTING_DOWN

/** The client connects again, and gets to another gateway or waits for this one. */
const SHUTTING_DOWN = 'UNAVAILABLE'

/** Watches a stream that is under way, and ends it with its token or its gateway: where an event has just ended, with one that says why. */
export function eventStream(
  raw: ServerResponse,
  headers: ResponseHeaders,
  token: VerifiedToken | null,
  lifetimes: Lifetimes
): EventStream {
  let tail = '\n\n'
  let isShuttingDown = false
  const isPlain =
    headers['content-encoding'] === undefined && headers['content-length'] === undefined
  const isBetweenEvents = (): boolean => /(\n\n|\r\r|\r\n\r\n)$/.test(tail)
  const end = (why: EndCode): void => {
    if (raw.writableEnded) return
    // In the middle of an event, or before the announced length, a clean end would look like a whole answer.
    if (!isPlain || !isBetweenEvents()) {
      breakOff(raw)
      return
    }
    raw.end(`event: ${LAST_EVENT}\ndata: ${why}\n\n`)
    breakOffUnlessClosed(raw, UNREAD_MS)
  }
  raw.once('close', lifetimes.watch(token, end))
  const endBetweenEvents = (): void => {
    if (isBetweenEvents()) end(SHUTTING_DOWN)
  }
  return {
    note(chunk) {
      tail = `${tail}${chunk.subarray(-4).toString('latin1')}`.slice(-4)
      if (isShuttingDown) endBetweenEvents()
    },
    shutDown() {
      if (isShuttingDown) return
      isShuttingDown = true
      // The rest of the event is on its way. A compressed stream cannot be read for where events end.
      setTimeout(() => end(SHUTTING_DOWN), isPlain ? REST_OF_EVENT_MS : 0).unref()
      if (isPlain) endBetweenEvents()
    }
  }
}
