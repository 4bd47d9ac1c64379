import type { ServerResponse } from 'node:http'
import { isIdentityName } from '@gatehouse/edge-headers/names'
import { breakOff } from '@gatehouse/http-service/http-two'
import type { FastifyReply } from 'fastify'
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
  /** It failed before it answered. */
  onFault(error: Error): void
}

class ClientGone extends Error {
  override readonly name = 'ClientGone'
}

/**
 * Writes what a service answers to the client: no faster than the client reads, and no longer than it is there. An answer
 * that breaks off ends the connection, so that it does not look whole.
 */
export function answerWriter(
  reply: FastifyReply,
  { route, token }: Passage,
  events: AnswerEvents
): Dispatcher.DispatchHandler {
  const { raw } = reply
  let controller: Dispatcher.DispatchController | null = null
  let begun = false
  let over = false
  let stream: EventStream | null = null

  const onClose = (): void => {
    if (!over) controller?.abort(new ClientGone())
  }
  raw.once('close', onClose)

  return {
    onRequestStart(started) {
      controller = started
      if (raw.destroyed) started.abort(new ClientGone())
    },
    onResponseStart(_controller, status, received) {
      if (status < 200) return inform(raw, status, received as ResponseHeaders)
      const headers = responseHeaders(received as ResponseHeaders, route)
      events.markOrigin(headers, reply.request.headers.origin)
      raw.writeHead(status, Object.assign(headers, reply.getHeaders() as ResponseHeaders))
      reply.hijack()
      begun = true
      events.onAnswer()
      if (!isEventStream(headers)) return
      stream = eventStream(raw, headers, token, events.lifetimes)
      raw.flushHeaders()
    },
    onResponseData(paused, chunk) {
      if (raw.writableEnded) return
      stream?.note(chunk)
      if (raw.write(chunk)) return
      paused.pause()
      raw.once('drain', () => paused.resume())
    },
    onResponseEnd(_controller, trailers) {
      over = true
      events.onEnd()
      if (hasSome(trailers)) raw.addTrailers(passedTrailers(trailers as ResponseHeaders))
      raw.end()
    },
    onResponseError(_controller, error) {
      over = true
      if (!begun) {
        raw.off('close', onClose)
        return events.onFault(error)
      }
      events.onEnd()
      breakOff(raw)
    }
  }
}

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
