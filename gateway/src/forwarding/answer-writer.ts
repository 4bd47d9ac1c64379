import type { ServerResponse } from 'node:http'
import { isIdentityName } from '@gatehouse/edge-headers/names'
import { breakOff, isGone, isHttpTwo } from '@gatehouse/http-service/http-two'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Dispatcher } from 'undici'
import type { MarkOrigin } from '../cross-origin.ts'
import type { Passage } from '../journey.ts'
import { type EventStream, eventStream, isEventStream } from './event-stream.ts'
import type { Lifetimes } from './lifetimes.ts'
import { type ResponseHeaders, responseHeaders } from './response-headers.ts'

/** What becomes of a request at a service. */
export type AnswerEvents = {
  readonly markOrigin: MarkOrigin
  readonly lifetimes: Lifetimes
  /** It answers. */
  onAnswer(): void
  /** The answer is over, whole or not. */
  onEnd(): void
  /** It failed before it answered, and its client still waits. */
  onFault(error: Error): void
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
  { route, token }: Passage,
  events: AnswerEvents
): Dispatcher.DispatchHandler {
  const { raw } = reply
  let controller: Dispatcher.DispatchController | null = null
  let begun = false
  let flushed = false
  let over = false
  let stream: EventStream | null = null

  const onClose = (): void => {
    if (over) return
    // Streams are opened and reset by the thousand (CVE-2023-44487): what has not begun does not hold its place until it would.
    if (controller === null) events.onEnd()
    else controller.abort(new ClientGone())
  }
  raw.once('close', onClose)

  return {
    onRequestStart(started) {
      controller = started
      if (isGone(raw)) started.abort(new ClientGone())
    },
    onResponseStart(_controller, status, received) {
      if (status < 200) return inform(raw, status, received as ResponseHeaders)
      const headers = responseHeaders(received as ResponseHeaders, route)
      events.markOrigin(headers, reply.request.headers.origin)
      if (isStillSending(reply.request)) reply.header('connection', 'close')
      raw.writeHead(status, Object.assign(headers, reply.getHeaders() as ResponseHeaders))
      reply.hijack()
      begun = true
      events.onAnswer()
      if (isEventStream(headers)) stream = eventStream(raw, headers, token, events.lifetimes)
      // What has come along with the headers goes out along with them; they do not wait for what is still to come.
      process.nextTick(() => {
        if (!flushed && !over) raw.flushHeaders()
      })
    },
    onResponseData(paused, chunk) {
      if (raw.writableEnded) return
      flushed = true
      stream?.note(chunk)
      if (raw.write(chunk)) return
      paused.pause()
      const unread = setTimeout(() => breakOff(raw), route.idleSeconds * 1000).unref()
      raw.once('drain', () => {
        clearTimeout(unread)
        paused.resume()
      })
    },
    onResponseEnd(_controller, trailers) {
      over = true
      events.onEnd()
      if (hasSome(trailers)) raw.addTrailers(passedTrailers(trailers as ResponseHeaders))
      raw.end()
    },
    onResponseError(_controller, error) {
      over = true
      raw.off('close', onClose)
      if (!begun && !(error instanceof ClientGone)) return events.onFault(error)
      events.onEnd()
      if (begun) breakOff(raw)
    }
  }
}

/** Answered before the request has come whole: what is left of it stands before the next one on its connection. */
export const isStillSending = ({ raw }: FastifyRequest): boolean => !isHttpTwo(raw) && !raw.complete

/** What a service says before its answer (RFC 9110 §15.2): a hint may help, and is no answer. */
function inform(raw: ServerResponse, status: number, { link }: ResponseHeaders): void {
  if (raw.req.httpVersion === '1.0') return
  // HTTP/2 in Node.js has no word for it.
  if (status === 102 && 'writeProcessing' in raw) raw.writeProcessing()
  if (status === 103 && link !== undefined) raw.writeEarlyHints({ link })
}

const hasSome = (trailers: object | null | undefined): boolean => {
  for (const _ in trailers) return true
  return false
}

/** RFC 9110 §6.5.1: no trailer may say how the message is framed, routed, or who is calling. */
const NEVER_TRAILERS = new Set([
  ...['content-length', 'content-encoding', 'content-type', 'content-range', 'transfer-encoding'],
  ...[
    'connection',
    'host',
    'set-cookie',
    'authorization',
    'www-authenticate',
    'location',
    'trailer'
  ]
])

function passedTrailers(trailers: ResponseHeaders): Record<string, string> {
  const passed: Record<string, string> = {}
  for (const [name, value] of Object.entries(trailers)) {
    if (value === undefined || NEVER_TRAILERS.has(name) || isIdentityName(name)) continue
    passed[name] = [value].flat().join(', ')
  }
  return passed
}
