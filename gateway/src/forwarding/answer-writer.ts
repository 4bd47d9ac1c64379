import type { ServerResponse } from 'node:http'
import { gatheredChunks } from '@gatehouse/http-service/gathered-chunks'
import { breakOff, breakOffUnlessClosed, isGone, isHttpTwo } from '@gatehouse/http-service/http-two'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Dispatcher } from 'undici'
import type { Passage } from '../passage.ts'
import type { RouteTable } from '../routes/route-table.ts'
import { noteAnswered } from '../telemetry/trail.ts'
import { answerHeaders, hasNoContent } from './answer-headers.ts'
import { clientPace } from './client-pace.ts'
import { inform } from './early-hints.ts'
import { type EventStream, eventStream, isEventStream } from './event-stream.ts'
import { guard, type NoteFault } from './guard.ts'
import type { Lifetimes } from './lifetimes.ts'
import type { OpenStreams } from './open-streams.ts'
import type { MarkOrigin, ResponseHeaders } from './response-headers.ts'
import { passedTrailers } from './trailers.ts'
import type { UnreadAnswers } from './unread-answers.ts'
import { isStatus, NotAnAnswer } from './upstream-faults.ts'

/** The events of a request to a service. */
type AnswerEvents = {
  /** the process of the service that is asked, as an origin */
  readonly address: string
  readonly table: () => RouteTable
  readonly markOrigin: MarkOrigin
  readonly lifetimes: Lifetimes
  /** the event streams that are open */
  readonly streams: OpenStreams
  readonly unread: UnreadAnswers
  readonly noteFault: NoteFault
  /** The response begins. */
  onAnswer(): void
  /** The response has ended, completely or not. */
  onEnd(): void
  /**
   * The request failed before the response began, and its client still waits.
   * @param isSent whether any part of the request may have reached the service
   */
  onFault(error: Error, isSent: boolean): void
  /**
   * The client left before the request was sent: the request fails with this error at once, without
   * waiting for a connection.
   */
  giveUp(error: Error): void
}

class ClientGone extends Error {
  override readonly name = 'ClientGone'
}

/**
 * Writes a service's response to the client, no faster than the client reads, and only while the
 * client is connected and reading. If the response breaks off, the client connection is closed, so
 * that a partial response does not look complete.
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
  let isContentless = false
  let flushed = false
  let over = false
  let hints = 0
  let stream: EventStream | null = null

  /** An internal error ends only this exchange. */
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
    if (over || flushed) return
    // Data that arrived with the headers is sent with them.
    if (chunks.bytes > 0) chunks.flush()
    else raw.flushHeaders()
  })
  const write = guarded((data: Buffer): void => {
    if (raw.writableEnded) return
    flushed = true
    const goesOn = raw.write(data, chunks.wake)
    stream?.note(data)
    if (goesOn) {
      controller?.resume()
      return
    }
    controller?.pause()
    pace.wait()
  })
  const pace = clientPace(raw, {
    unreadMs: route.idleSeconds * 1000,
    unread: events.unread,
    caller: passage.caller,
    onTaken: guarded(() => controller?.resume()),
    // If the client does not read its connection, it never sees that its HTTP/2 stream is closed.
    onUnread: guarded(() => {
      controller?.abort(new ClientGone())
      breakOff(raw)
    })
  })
  const chunks = gatheredChunks(write, () => raw.writableLength === 0)
  const finish = (trailers: ResponseHeaders | null): void => {
    chunks.flush()
    pace.end()
    over = true
    events.onEnd()
    if (trailers !== null) raw.addTrailers(trailers)
    raw.end()
    if (raw.writableLength > 0) breakOffUnlessClosed(raw, route.idleSeconds * 1000)
  }
  const onClose = guarded((): void => {
    if (over) return
    // Attackers open and reset streams by the thousand (CVE-2023-44487). So a request that has not
    // begun does not keep its place until it would have begun. The place becomes free when the
    // attempt to connect has ended, so that the number of attempts is limited too.
    if (controller === null) events.giveUp(new ClientGone())
    else controller.abort(new ClientGone())
  })
  raw.once('close', onClose)
  // A write after the end causes an error here. 'close' follows and cleans up.
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
        if (hints > MOST_HINTS) throw new NotAnAnswer('too many informational responses')
        if (hints <= MOST_PASSED_HINTS) inform(raw, status, received as ResponseHeaders)
        return
      }
      if (!isStatus(status)) throw new NotAnAnswer(`a status of ${status}`)
      noteAnswered(trail, received as ResponseHeaders)
      const { address, table } = events
      const headers = answerHeaders(received as ResponseHeaders, passage, address, table())
      // Strict clients refuse such a response (RFC 9110 §8.6).
      if (status === 204) delete headers['content-length']
      events.markOrigin(headers, reply.request.headers.origin, route)
      if (isStillSending(reply.request)) reply.header('connection', 'close')
      writeHead(raw, status, Object.assign(headers, reply.getHeaders() as ResponseHeaders))
      reply.hijack()
      begun = true
      isContentless = hasNoContent(status, reply.request.method)
      events.onAnswer()
      if (isEventStream(headers)) {
        const opened = eventStream(raw, headers, token, events.lifetimes)
        stream = opened
        events.streams.add(opened)
        raw.once('close', () => events.streams.delete(opened))
      }
      // Data that arrived with the headers is sent with them. The headers do not wait for later
      // data.
      process.nextTick(flushHeaders)
    },
    onResponseData(paused, chunk) {
      if (raw.writableEnded) {
        // The gateway has ended the answer, so no client will read the rest.
        controller?.abort(new ClientGone())
        return
      }
      trail.bytes += chunk.length
      chunks.add(chunk)
      if (chunks.isFull) paused.pause()
    },
    onResponseEnd: guarded((_controller, trailers) => {
      finish(passedTrailers(trailers as ResponseHeaders))
    }),
    onResponseError: guarded((_controller, error) => {
      // undici waits for the content that a Content-Length announces, but the length in a 304 is
      // that of the 200 (RFC 9110 §8.6).
      if (isContentless && !(error instanceof ClientGone)) return finish(null)
      over = true
      raw.off('close', onClose)
      if (!begun && !(error instanceof ClientGone))
        return events.onFault(error, controller !== null)
      events.onEnd()
      if (begun) breakOff(raw)
    })
  }
}

/**
 * The service has responded before the whole request has arrived. The rest of the request precedes
 * the next one on the connection.
 */
export const isStillSending = ({ raw }: FastifyRequest): boolean => !isHttpTwo(raw) && !raw.complete

/** How many informational responses a service may send, and how many of them the client gets. */
const MOST_HINTS = 64
const MOST_PASSED_HINTS = 8

/**
 * Removes headers that cannot be written, so that the refusal that follows does not contain them.
 */
function writeHead(raw: ServerResponse, status: number, headers: ResponseHeaders): void {
  try {
    raw.writeHead(status, headers)
  } catch (error) {
    for (const name of raw.getHeaderNames()) raw.removeHeader(name)
    throw error
  }
}
