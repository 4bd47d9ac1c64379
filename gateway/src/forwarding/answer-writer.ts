import type { ServerResponse } from 'node:http'
import { breakOff, breakOffUnlessClosed, isGone, isHttpTwo } from '@gatehouse/http-service/http-two'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Dispatcher } from 'undici'
import type { MarkOrigin } from '../cross-origin/allow-origins.ts'
import type { Passage } from '../journey.ts'
import type { RouteTable } from '../routes/route-table.ts'
import { noteAnswered } from '../telemetry/trail.ts'
import { answerHeaders } from './answer-headers.ts'
import { writableLinks } from './early-hints.ts'
import { type EventStream, eventStream, isEventStream } from './event-stream.ts'
import { guard, type NoteFault } from './guard.ts'
import type { Lifetimes } from './lifetimes.ts'
import type { OpenStreams } from './open-streams.ts'
import type { ResponseHeaders } from './response-headers.ts'
import { passedTrailers } from './trailers.ts'
import { isStatus, NotAnAnswer } from './upstream-faults.ts'

/** What becomes of a request at a service. */
export type AnswerEvents = {
  /** the service's process that is asked, as an origin */
  readonly address: string
  readonly table: () => RouteTable
  readonly markOrigin: MarkOrigin
  readonly lifetimes: Lifetimes
  /** the event streams that are open */
  readonly streams: OpenStreams
  readonly noteFault: NoteFault
  /** It answers. */
  onAnswer(): void
  /** The answer is over, whole or not. */
  onEnd(): void
  /**
   * It failed before it answered, and its client still waits.
   * @param isSent whether any of the request may have reached the service
   */
  onFault(error: Error, isSent: boolean): void
  /** Its client has left before it was sent: it is to fail with this error, without waiting for a connection. */
  giveUp(error: Error): void
}

class ClientGone extends Error {
  override readonly name = 'ClientGone'
}

/**
 * Writes what a service answers to the client: no faster than the client reads, and no longer than it is there and does
 * read. An answer that breaks off ends the connection, so that it does not look whole.
 */
export function answerWriter(
  reply: FastifyReply,
  passage: Passage,
  events: AnswerEvents
): Dispatcher.DispatchHandler {
  const { raw } = reply
  const { route, token } = passage
  const { trail } = reply.request
  let controller: Dispatcher.DispatchController | null = null
  let begun = false
  let flushed = false
  let over = false
  let hints = 0
  let stream: EventStream | null = null

  /** An internal error ends this exchange and no other. */
  const guarded = guard({
    place: 'answer',
    noteFault: events.noteFault,
    end() {
      over = true
      events.onEnd()
      breakOff(raw)
    }
  })
  const flushHeaders = guarded((): void => {
    if (!flushed && !over) raw.flushHeaders()
  })
  const onClose = guarded((): void => {
    if (over) return
    // Streams are opened and reset by the thousand (CVE-2023-44487): what has not begun does not hold its place until it would.
    // The place is free when the attempt to connect has ended, so that the attempts too are bounded.
    if (controller === null) events.giveUp(new ClientGone())
    else controller.abort(new ClientGone())
  })
  raw.once('close', onClose)
  // A write after the end. 'close' follows and cleans up.
  raw.on('error', () => {})

  return {
    onRequestStart: guarded((started) => {
      controller = started
      if (isGone(raw)) started.abort(new ClientGone())
    }),
    // undici catches what these two throw: it aborts, and calls onResponseError.
    onResponseStart(_controller, status, received) {
      if (status < 200) {
        hints += 1
        if (hints > MOST_HINTS) throw new NotAnAnswer('too many informational answers')
        if (hints <= MOST_PASSED_HINTS) inform(raw, status, received as ResponseHeaders)
        return
      }
      if (!isStatus(status)) throw new NotAnAnswer(`a status of ${status}`)
      noteAnswered(trail)
      const { address, table } = events
      const headers = answerHeaders(received as ResponseHeaders, passage, address, table())
      events.markOrigin(headers, reply.request.headers.origin, route)
      if (isStillSending(reply.request)) reply.header('connection', 'close')
      writeHead(raw, status, Object.assign(headers, reply.getHeaders() as ResponseHeaders))
      reply.hijack()
      begun = true
      events.onAnswer()
      if (isEventStream(headers)) {
        const opened = eventStream(raw, headers, token, events.lifetimes)
        stream = opened
        events.streams.add(opened)
        raw.once('close', () => events.streams.delete(opened))
      }
      // What has come along with the headers goes out along with them; they do not wait for what is still to come.
      process.nextTick(flushHeaders)
    },
    onResponseData(paused, chunk) {
      if (raw.writableEnded) {
        // The gateway has ended the answer, so no client will read the rest.
        controller?.abort(new ClientGone())
        return
      }
      flushed = true
      const goesOn = raw.write(chunk)
      trail.bytes += chunk.length
      stream?.note(chunk)
      if (goesOn) return
      paused.pause()
      // If the client does not read its connection, it never sees that its HTTP/2 stream is closed.
      const giveUp = guarded((): void => {
        paused.abort(new ClientGone())
        breakOff(raw)
      })
      const unread = setTimeout(giveUp, route.idleSeconds * 1000).unref()
      raw.once(
        'drain',
        guarded(() => {
          clearTimeout(unread)
          paused.resume()
        })
      )
    },
    onResponseEnd: guarded((_controller, trailers) => {
      over = true
      events.onEnd()
      const passed = passedTrailers(trailers as ResponseHeaders)
      if (passed !== null) raw.addTrailers(passed)
      raw.end()
      if (raw.writableLength > 0) breakOffUnlessClosed(raw, route.idleSeconds * 1000)
    }),
    onResponseError: guarded((_controller, error) => {
      over = true
      raw.off('close', onClose)
      if (!begun && !(error instanceof ClientGone))
        return events.onFault(error, controller !== null)
      events.onEnd()
      if (begun) breakOff(raw)
    })
  }
}

/** Answered before the request has come whole: what is left of it stands before the next one on its connection. */
export const isStillSending = ({ raw }: FastifyRequest): boolean => !isHttpTwo(raw) && !raw.complete

/** How many informational answers a service may send, and how many of them go on to the client. */
const MOST_HINTS = 64
const MOST_PASSED_HINTS = 8

/** Removes headers that cannot be written, so that the refusal that follows does not contain them. */
function writeHead(raw: ServerResponse, status: number, headers: ResponseHeaders): void {
  try {
    raw.writeHead(status, headers)
  } catch (error) {
    for (const name of raw.getHeaderNames()) raw.removeHeader(name)
    throw error
  }
}

/**
 * Passes on informational answers (RFC 9110 §15.2). They only help, so one that Node.js cannot write is dropped.
 */
function inform(raw: ServerResponse, status: number, { link }: ResponseHeaders): void {
  if (raw.req.httpVersion === '1.0') return
  try {
    // Hints for a client that does not read would only fill memory.
    if ((raw.socket?.writableLength ?? 0) > 0) return
    // HTTP/2 in Node.js has no word for it.
    if (status === 102 && 'writeProcessing' in raw) raw.writeProcessing()
    const links = status === 103 ? writableLinks(link) : []
    if (links.length > 0) raw.writeEarlyHints({ link: links })
  } catch {
    // They only help.
  }
}
