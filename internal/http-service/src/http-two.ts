import type { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  constants,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type Http2Session
} from 'node:http2'
import type { Socket } from 'node:net'

/**
 * Whether a request arrived over HTTP/2, rather than as HTTP/1 with another version number in its
 * first line.
 */
export const isHttpTwo = (raw: object): raw is Http2ServerRequest =>
  'stream' in raw && 'authority' in raw

/**
 * In HTTP/2, frames announce a body, not a header (RFC 9113 §8.1.1). This adds the header with
 * which HTTP/1 would announce a body without a length, for code that reads the headers.
 */
export function tellOfBody(raw: IncomingMessage): void {
  if (!isHttpTwo(raw)) return
  const { headers, stream } = raw as Http2ServerRequest
  const isAnnounced = headers['content-length'] !== undefined
  if (!isAnnounced && !stream.endAfterHeaders) headers['transfer-encoding'] = 'chunked'
}

/**
 * Whether no client will read a response: its connection or its stream has closed, perhaps before
 * there was a listener.
 */
export function isGone(raw: ServerResponse): boolean {
  const { stream } = raw as unknown as Http2ServerResponse
  return stream === undefined ? raw.destroyed : stream.closed || stream.destroyed
}

/** Breaks off a response that is not closed in time, because its client does not read. */
export function breakOffUnlessClosed(raw: ServerResponse, withinMs: number): void {
  // No 'close' would end the wait, which keeps the response and its request in memory.
  if (isGone(raw)) return
  const unread = setTimeout(() => breakOff(raw), withinMs).unref()
  raw.once('close', () => clearTimeout(unread))
}

const connections = new WeakMap<object, Socket>()

/**
 * Remembers the connection of each session: its addresses are not those of the stream that the
 * session has (`paceConnections`), and a session does not close its connection before its last
 * bytes are written, which never happens if the client does not read.
 */
export function rememberConnections(server: EventEmitter): void {
  let newest: Socket | undefined
  // The session of a connection is created while this event is emitted.
  server.prependListener('secureConnection', (socket: Socket) => {
    newest = socket
  })
  server.on('session', (session: object) => {
    if (newest !== undefined) connections.set(session, newest)
  })
}

/**
 * The connection of a request. The one that Node.js names for HTTP/2 is a stream of its own, which
 * does not know the addresses, and not that it is encrypted.
 */
export function connectionOf(raw: IncomingMessage): Socket {
  if (!isHttpTwo(raw)) return raw.socket
  const { session } = raw.stream
  // Without a session, the connection has closed, and this knows nothing of it.
  return (session && connections.get(session)) ?? raw.socket
}

/** The address of the peer of a session. */
export const addressOf = (session: Http2Session): string =>
  connections.get(session)?.remoteAddress ?? ''

/** How many bytes have arrived on the connection of a session. */
export const bytesReadOf = (session: Http2Session): number =>
  connections.get(session)?.bytesRead ?? 0

/**
 * Closes the connection of a session, even if requests are in flight on it or its client does not
 * read.
 */
export function closeConnection(session: Http2Session): void {
  session.destroy()
  cutConnection(session)
}

/** Closes the connection of a destroyed session that may still wait to write its last bytes. */
export function cutConnection(session: Http2Session): void {
  connections.get(session)?.destroy()
}

/**
 * Ends a connection whose client takes too much, and says so (RFC 9113 §7). `destroy` alone would
 * say "no error", and with an error, Node.js would end each stream with it.
 */
export function calmDown(session: Http2Session): void {
  if (session.destroyed || calmed.has(session)) return
  calmed.add(session)
  session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM)
  afterTurns(TURNS_OF_A_WRITE, () => session.destroy())
}

/** Those that are about to end. */
const calmed = new WeakSet<Http2Session>()

/**
 * A session sends nothing more when it is destroyed during a write. On a paced stream, a write ends
 * in the next turn, and the one after it begins in the turn after that.
 */
const TURNS_OF_A_WRITE = 3

function afterTurns(turns: number, act: () => void): void {
  if (turns === 0) act()
  else setImmediate(afterTurns, turns - 1, act)
}

function reset(raw: ServerResponse): void {
  const { socket } = raw
  // Over TLS, the missing close_notify says the same.
  if (socket === null || 'encrypted' in socket) raw.destroy()
  else socket.resetAndDestroy()
}

/** How long a client may take to read the reset of its stream. */
const UNHEARD_MS = 2000

/**
 * Breaks off a response so that no client takes it for complete.
 * @param code of the reset of its stream (RFC 9113 §7)
 */
export function breakOff(
  raw: ServerResponse,
  code: number = constants.NGHTTP2_INTERNAL_ERROR
): void {
  const { stream } = raw as unknown as Http2ServerResponse
  if (stream === undefined) {
    // A client of HTTP/1.0 takes the end of the connection for the end of the response.
    if (raw.req.httpVersionMinor === 0) reset(raw)
    else raw.destroy()
    return
  }
  if (stream.destroyed) return
  const { session } = stream
  stream.close(code)
  // A client that does not read its connection never sees the reset, and the stream would stay
  // open.
  const unheard = setTimeout(() => {
    if (!stream.destroyed && session !== undefined) closeConnection(session)
  }, UNHEARD_MS).unref()
  stream.once('close', () => clearTimeout(unheard))
}
