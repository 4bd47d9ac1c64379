import type { ServerResponse } from 'node:http'
import { breakOff, breakOffUnlessClosed } from '@gatehouse/http-service/http-two'
import type { VerifiedToken } from '../../tokens/verified-token.ts'
import type { ResponseHeaders } from '../headers/passed-headers.ts'
import type { EndReason, Lifetimes } from '../lifetimes.ts'

/** How long a client may take to read the last event. */
const UNREAD_MS = 5000

/** How long the rest of an event may take to arrive when the gateway shuts down. */
const REST_OF_EVENT_MS = 2000

/** The name of the last event of a stream that the gateway ends. Its data is the error code. */
const LAST_EVENT = 'gatehouse-end'

/**
 * A response that is an event stream (HTML standard §9.2). It may continue only while its token is
 * valid.
 */
export const isEventStream = (headers: ResponseHeaders): boolean =>
  /^text\/event-stream *(;|$)/i.test(String(headers['content-type'] ?? ''))

export type EventStream = {
  /** Notes the bytes that were sent to the client. */
  note(chunk: Buffer): void
  /** Ends the stream after the current event, because the gateway shuts down. */
  shutDown(): void
}

/** Why a stream ends: an error code that says what the client should do. */
type EndCode = EndReason | typeof SHUTTING_DOWN

/** The client connects again, to another gateway or to this one after its restart. */
const SHUTTING_DOWN = 'UNAVAILABLE'

/**
 * Watches an open stream, and ends it with its token or with the gateway. Between two events, a
 * last event says why.
 */
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
    // In the middle of an event, or before the announced length, a clean end would look like a
    // complete response.
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
      // The rest of the event is still arriving. In a compressed stream, the gateway cannot see
      // where events end.
      setTimeout(() => end(SHUTTING_DOWN), isPlain ? REST_OF_EVENT_MS : 0).unref()
      if (isPlain) endBetweenEvents()
    }
  }
}
