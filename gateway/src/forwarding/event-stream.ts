import type { ServerResponse } from 'node:http'
import { breakOff, breakOffUnlessClosed } from '@gatehouse/http-service/http-two'
import type { VerifiedToken } from '../tokens/access-token-verifier.ts'
import type { Lifetimes, Over } from './lifetimes.ts'
import type { ResponseHeaders } from './response-headers.ts'

/** How long a client may take to read the last event. */
const UNREAD_MS = 5000

/** The last event of a stream that the gateway ends; its data is the error's code. */
export const LAST_EVENT = 'gatehouse-end'

/** An event stream (HTML standard §9.2) is answered as long as its token is good, and not only asked for with it. */
export const isEventStream = (headers: ResponseHeaders): boolean =>
  /^text\/event-stream *(;|$)/i.test(String(headers['content-type'] ?? ''))

export type EventStream = {
  /** Takes note of what goes to the client. */
  note(chunk: Buffer): void
}

/** Watches a stream that is under way, and ends it with its token: where an event has just ended with an event that says why. */
export function eventStream(
  raw: ServerResponse,
  headers: ResponseHeaders,
  token: VerifiedToken | null,
  lifetimes: Lifetimes
): EventStream {
  let tail = '\n\n'
  const end = (why: Over): void => {
    const isBetweenEvents = /(\n\n|\r\r|\r\n\r\n)$/.test(tail)
    const isPlain =
      headers['content-encoding'] === undefined && headers['content-length'] === undefined
    // In the middle of an event, or before the announced length, a clean end would look like a whole answer.
    if (!isPlain || !isBetweenEvents) {
      breakOff(raw)
      return
    }
    raw.end(`event: ${LAST_EVENT}\ndata: ${why}\n\n`)
    breakOffUnlessClosed(raw, UNREAD_MS)
  }
  raw.once('close', lifetimes.watch(token, end))
  return {
    note(chunk) {
      tail = `${tail}${chunk.subarray(-4).toString('latin1')}`.slice(-4)
    }
  }
}
