import type { IncomingMessage, ServerResponse } from 'node:http'
import { isHttpTwo } from '@gatehouse/http-service/http-two'
import { noteAnswered, noteGrpcStatus } from '../../telemetry/trail.ts'
import { isStatus, NotAResponse } from '../faults/upstream-faults.ts'
import { announcedTrailers } from '../headers/announced-trailers.ts'
import { clientHeaders, hasNoContent } from '../headers/client-headers.ts'
import type { ResponseHeaders } from '../headers/passed-headers.ts'
import { inform, MOST_HINTS } from './early-hints.ts'
import { eventStream, isEventStream } from './event-stream.ts'
import type { OpenResponse } from './open-response.ts'
import { flushHeaders } from './response-content.ts'
import type { WaitingClient } from './waiting-client.ts'

/** How many informational responses the client gets. */
const MOST_PASSED_HINTS = 8

const RESET_CONTENT = 205

/**
 * Passes on an informational response.
 * @throws NotAResponse if the service has sent too many
 */
export function passHint(response: OpenResponse, status: number, received: ResponseHeaders): void {
  response.hints += 1
  if (response.hints > MOST_HINTS) throw new NotAResponse('too many informational responses')
  if (response.hints <= MOST_PASSED_HINTS) inform(response.raw, status, received)
}

/**
 * Begins the final response with its status and its headers.
 * @throws NotAResponse if the gateway cannot write it
 */
export function begin(response: OpenResponse, status: number, received: ResponseHeaders): void {
  if (!isStatus(status)) throw new NotAResponse(`a status of ${status}`)
  const { client, raw, passage, ports, events } = response
  const { request } = client
  noteAnswered(client.trail, received)
  const headers = clientHeaders(received, passage, events.address, ports.table())
  // Strict clients refuse such a response (RFC 9110 §8.6).
  if (status === 204) delete headers['content-length']
  // Its length is 0, and no client expects content (RFC 9110 §15.3.6).
  if (status === RESET_CONTENT) headers['content-length'] = '0'
  if (received.trailer !== undefined && mayHaveTrailers(request, status, headers)) {
    const announced = announcedTrailers(received.trailer)
    if (announced !== null) headers.trailer = announced
  }
  ports.markOrigin(headers, request.headers.origin, passage.route)
  const all = Object.assign(headers, client.ownHeaders(isStillSending(request)))
  if (isCallsEnd(client, received)) setHead(raw, status, all)
  else writeHead(raw, status, all)
  client.takeOver()
  response.hasBegun = true
  response.isContentless = status === RESET_CONTENT || hasNoContent(status, request.method ?? '')
  events.onResponse()
  if (isEventStream(headers)) watchStream(response, headers)
  // The headers do not wait for later content.
  process.nextTick(flushSafely, response)
}

/** Node.js refuses to announce trailers of a response that is not chunked (RFC 9112 §7.1.2). */
function mayHaveTrailers(
  request: IncomingMessage,
  status: number,
  headers: ResponseHeaders
): boolean {
  if (hasNoContent(status, request.method ?? '')) return false
  if (isHttpTwo(request)) return true
  return request.httpVersion === '1.1' && headers['content-length'] === undefined
}

const flushSafely = (response: OpenResponse): void => response.safely(flushHeaders)

/**
 * Whether a response has only one header section, which has the status of a gRPC call. The client
 * must get it as one section too.
 */
function isCallsEnd({ trail, request }: WaitingClient, received: ResponseHeaders): boolean {
  noteGrpcStatus(trail, received)
  return trail.grpcStatus !== null && isHttpTwo(request)
}

/** Keeps the head until the response ends, or until the next turn if it does not. */
function setHead(raw: ServerResponse, status: number, headers: ResponseHeaders): void {
  raw.statusCode = status
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) raw.setHeader(name, value)
  }
}

/** Ends an event stream with its token, and with the gateway. */
function watchStream(response: OpenResponse, headers: ResponseHeaders): void {
  const { raw, passage, ports } = response
  const { lifetimes, streams } = ports
  const opened = eventStream(raw, headers, passage.token, lifetimes)
  response.stream = opened
  streams.add(opened)
  raw.once('close', () => streams.delete(opened))
}

/**
 * The service has responded before the whole request has arrived. The rest of the request precedes
 * the next one on the connection.
 */
export const isStillSending = (raw: IncomingMessage): boolean => !isHttpTwo(raw) && !raw.complete

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
