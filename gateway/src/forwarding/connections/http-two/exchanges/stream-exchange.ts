import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2'
import { gather } from '@gatehouse/http-service/gathered-bodies'
import type { Dispatcher } from 'undici'
import { errorOf, guard } from '../../../faults/guard.ts'
import { ConnectionLost, StreamReset } from '../../../faults/http-two-faults.ts'
import type { ResponseHeaders } from '../../../headers/passed-headers.ts'
import type { Session } from '../sessions/session.ts'
import { cancel } from './cancel.ts'
import { type Exchange, endWith } from './open-exchange.ts'

/** How long a service may take to read the rest of a request that it has answered. */
const UNREAD_MS = 2000

/** How a request continues whose stream has failed before the response began. */
type OnUnanswered = (error: Error, session: Session) => void

/**
 * Sends a request on a stream of its own, and passes on the events of its response.
 * @param onUnanswered gets a failure before the response has begun
 */
export function sendOn(session: Session, exchange: Exchange, onUnanswered: OnUnanswered): void {
  const { head, upload, noteFault } = exchange
  const stream = session.http.request(head, {
    endStream: !upload.hasBody,
    waitForTrailers: upload.mayHaveTrailers
  })
  exchange.doubtConnection = session.add(stream, exchange.claim)
  exchange.stream = stream
  const guarded = guard({
    place: 'connection',
    noteFault,
    end: () => endWith(exchange, new ConnectionLost('internal error'))
  })
  gather(stream)
  receive(stream, session, exchange, guarded, onUnanswered)
  upload.sendTo(stream)
}

function receive(
  stream: ClientHttp2Stream,
  session: Session,
  exchange: Exchange,
  guarded: ReturnType<typeof guard>,
  onUnanswered: OnUnanswered
): void {
  const isWhole = endOf(stream)
  let trailers: IncomingHttpHeaders = {}
  const isCurrent = (): boolean => exchange.stream === stream && !exchange.isOver
  const onData = guarded((chunk: Buffer) => {
    if (!isCurrent()) return
    exchange.patience.note()
    attempt(exchange, (handler) => handler.onResponseData?.(exchange.controller, chunk))
  })
  stream.once(
    'response',
    guarded((headers: IncomingHttpHeaders, flags: number) => {
      session.isProven = true
      if (isCurrent()) begin(exchange, headers)
      // Not before: frames that arrive together are read before Node.js emits this event.
      stream.on('data', onData)
      // Without content, it is complete at once. If the end were sent later, the headers would
      // already have been sent without it. gRPC clients recognise a status without messages only
      // if the header section ends the stream.
      if (isCurrent() && (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) complete(exchange, {})
    })
  )
  stream.on(
    'headers',
    guarded((headers: IncomingHttpHeaders) => {
      if (isCurrent()) inform(exchange, headers)
    })
  )
  stream.on('trailers', (those: IncomingHttpHeaders) => {
    trailers = those
  })
  stream.once(
    'end',
    guarded(() => {
      if (isCurrent() && exchange.isAnswered && isWhole()) complete(exchange, trailers)
    })
  )
  let fault: Error | null = null
  stream.on('error', (error: Error) => {
    fault = error
  })
  stream.once(
    'close',
    guarded(() => {
      if (!isCurrent()) return
      const why = whyClosed(stream, session, fault)
      if (exchange.isAnswered) endWith(exchange, why)
      else onUnanswered(why, session)
    })
  )
}

/**
 * Whether the service has ended the response (END_STREAM). Node.js also ends a stream that was
 * reset with NO_ERROR, and a part of a response would look complete.
 */
function endOf(stream: ClientHttp2Stream): () => boolean {
  const { push } = stream
  let isWhole = false
  stream.push = (chunk, encoding) => {
    if (chunk === null && !stream.closed) isWhole = true
    return push.call(stream, chunk, encoding)
  }
  return () => isWhole
}

function whyClosed(stream: ClientHttp2Stream, session: Session, fault: Error | null): Error {
  const { rstCode = constants.NGHTTP2_NO_ERROR } = stream
  if (session.isRefused(stream)) return new StreamReset(constants.NGHTTP2_REFUSED_STREAM)
  // Streams that the service has not accepted before its GOAWAY are refused.
  if (rstCode === constants.NGHTTP2_REFUSED_STREAM) return new StreamReset(rstCode)
  if (session.isLost || session.http.destroyed)
    return new ConnectionLost('the connection has ended')
  return fault !== null && rstCode === constants.NGHTTP2_NO_ERROR ? fault : new StreamReset(rstCode)
}

function begin(exchange: Exchange, headers: IncomingHttpHeaders): void {
  exchange.isAnswered = true
  exchange.upload.forget()
  exchange.patience.answered()
  attempt(exchange, (handler) =>
    handler.onResponseStart?.(exchange.controller, Number(headers[':status']), fields(headers))
  )
}

function inform(exchange: Exchange, headers: IncomingHttpHeaders): void {
  exchange.upload.forget()
  attempt(exchange, (handler) =>
    handler.onResponseStart?.(exchange.controller, Number(headers[':status']), fields(headers))
  )
}

function complete(exchange: Exchange, trailers: IncomingHttpHeaders): void {
  const { stream, upload, patience, handler, controller } = exchange
  exchange.isOver = true
  patience.end()
  handler.onResponseEnd?.(controller, fields(trailers))
  const isSent = upload.isDone
  upload.stop()
  if (stream === null || stream.writableFinished) return
  // The service has answered without the rest of the request (RFC 9113 §8.1).
  if (!isSent) {
    cancel(stream)
    return
  }
  const unread = setTimeout(cancel, UNREAD_MS, stream).unref()
  stream.once('close', () => clearTimeout(unread))
}

/** The handler refuses a response that it cannot pass on by throwing an error, as undici's may. */
function attempt(exchange: Exchange, act: (handler: Dispatcher.DispatchHandler) => void): void {
  try {
    act(exchange.handler)
  } catch (error) {
    endWith(exchange, errorOf(error))
  }
}

/** Without pseudo-headers. */
function fields(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const all: Record<string, string | string[]> = {}
  for (const name in headers as ResponseHeaders) {
    const value = headers[name]
    if (value !== undefined && !name.startsWith(':')) all[name] = value
  }
  return all
}
