import type { Http2Stream, ServerHttp2Session } from 'node:http2'
import type { FastifyInstance } from 'fastify'
import { closeConnection, cutConnection } from './http-two.ts'

/** How long a connection may take to close by itself. */
const CLOSING_MS = 2000

/**
 * Ends a connection of HTTP/2 that is to close, such as an idle one, once no request is under way on it. Node.js would also wait
 * for a header section, or a frame, that its client has begun and never ends.
 *
 * Ends it too if its session was destroyed, which is what Node.js does after a malformed frame: it then waits for a write that may
 * never be done, no longer reads the connection, has stopped the timer of the session, and so keeps the connection for ever.
 */
export function boundSessions(service: FastifyInstance): void {
  service.server.on('session', (session: ServerHttp2Session) => {
    let underWay = 0
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
      stream.once('close', () => {
        underWay -= 1
        if (session.closed) endSoon()
      })
    })
  })
}
