import type { Http2Stream, ServerHttp2Session } from 'node:http2'
import type { FastifyInstance } from 'fastify'
import { bytesReadOf, closeConnection, cutConnection } from '../http-two.ts'

/** How long a connection may take to close by itself. */
const CLOSING_MS = 2000
/** Settings, pings and windows of a connection without requests; the rest is a header section. */
const MOST_IDLE_BYTES = 4096

/**
 * Ends an HTTP/2 connection that is to close, such as an idle one, when no request is in flight on
 * it. Node.js would also wait for a header section or a frame that its client has begun and never
 * ends. It also ends the connection if its session was destroyed, as Node.js does after a malformed
 * frame. Node.js then waits for a write that may never complete, no longer reads the connection,
 * and has stopped the session's timer, so the connection would stay open forever. A connection
 * without requests that has brought more than it needs for that is closed after the time for a
 * header section, because it may hold one that never ends, in 300 KiB.
 */
export function boundSessions(service: FastifyInstance, headersMs: number): void {
  service.server.on('session', (session: ServerHttp2Session) => {
    let underWay = 0
    let [changes, seen, bytesThen] = [0, 0, bytesReadOf(session)]
    const change = (): void => {
      changes += 1
      bytesThen = bytesReadOf(session)
    }
    const unfinished = setInterval(() => {
      const isIdle = underWay === 0 && changes === seen
      seen = changes
      if (isIdle && bytesReadOf(session) - bytesThen > MOST_IDLE_BYTES) closeConnection(session)
    }, headersMs).unref()
    session.once('close', () => clearInterval(unfinished))
    const end = (): void => {
      if (session.closed && underWay === 0) closeConnection(session)
    }
    const endSoon = (): void => {
      setTimeout(end, CLOSING_MS).unref()
    }
    const { destroy } = session
    session.destroy = (...reason) => {
      if (!session.destroyed) setTimeout(() => cutConnection(session), CLOSING_MS).unref()
      destroy.apply(session, reason)
    }
    session.on('timeout', endSoon)
    session.on('stream', (stream: Http2Stream) => {
      underWay += 1
      change()
      stream.once('close', () => {
        underWay -= 1
        change()
        if (session.closed) endSoon()
      })
    })
  })
}
