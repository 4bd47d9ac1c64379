import { breakOffUnlessClosed, isHttpTwo } from '@gatehouse/http-service/http-two'
import { noteGrpcStatus } from '../../telemetry/trail.ts'
import type { ResponseHeaders } from '../headers/passed-headers.ts'
import type { OpenResponse } from './open-response.ts'

/**
 * Content up to this size is copied into one write with the headers: the copy takes less time than
 * a second write.
 */
const SMALL_BYTES = 4096

/** Writes a part of the content. If the client does not read it, the service waits. */
export function writeContent(response: OpenResponse, data: Buffer): void {
  const { raw, stream, controller } = response
  if (raw.writableEnded) return
  response.hasContent = true
  const isTaken = writeAtOnce(response, data)
  stream?.note(data)
  if (isTaken) {
    controller?.resume()
    return
  }
  controller?.pause()
  response.waitForClient()
}

/**
 * Writes at once, where Node.js waits for the end of the turn. So it is known whether the operating
 * system has taken everything, which it usually has. A connection with TLS takes it later.
 * @returns whether more can be written
 */
function writeAtOnce({ raw, chunks, controller }: OpenResponse, data: Buffer): boolean {
  const isPlain = !isHttpTwo(raw.req) && !('encrypted' in raw.req.socket)
  const socket = isPlain && data.length >= SMALL_BYTES ? raw.socket : null
  socket?.cork()
  const hasRoom = raw.write(data, () => chunks.wake())
  socket?.uncork()
  if (socket === null || raw.writableLength > 0) return hasRoom
  controller?.release?.(data)
  return true
}

/** Writes the headers, with the content that arrived with them. */
export function flushHeaders({ raw, chunks, isOver, hasContent }: OpenResponse): void {
  if (isOver || hasContent) return
  if (chunks.bytes > 0) chunks.flush()
  else raw.flushHeaders()
}

/** Ends a complete response. */
export function finish(response: OpenResponse, trailers: ResponseHeaders | null): void {
  const { raw, chunks, pace, stream, events, passage } = response
  const rest = stream === null && !raw.writableEnded ? chunks.take() : null
  if (rest === null) chunks.flush()
  pace?.end()
  response.isOver = true
  events.onEnd()
  if (trailers !== null) {
    noteGrpcStatus(response.client.trail, trailers)
    raw.addTrailers(trailers)
  }
  if (rest === null) raw.end()
  // As a text, Node.js writes it in one piece with the headers.
  else if (rest.length < SMALL_BYTES) raw.end(rest.toString('latin1'), 'latin1')
  else raw.end(rest)
  // A client of HTTP/2 can leave its request open after the response.
  if (raw.writableLength > 0 || (isHttpTwo(raw.req) && !raw.req.complete))
    breakOffUnlessClosed(raw, passage.route.idleSeconds * 1000)
}
