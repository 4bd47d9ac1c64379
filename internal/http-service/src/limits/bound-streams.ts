import type { ServerHttp2Session } from 'node:http2'
import type { FastifyInstance } from 'fastify'
import { calmDown } from '../http-two.ts'

/** The maximum number of open streams per connection. */
export const MOST_STREAMS = 128

/** How many streams a client may reset and replace in one turn of the event loop. */
const MOST_REPLACED = 32

/**
 * Ends an HTTP/2 connection that opens more streams in one turn of the event loop than it may have
 * open at a time, and some more. Such a client resets what it opens (CVE-2023-44487). Node.js needs
 * up to 0.3 ms for a stream that is opened and reset, as long as its code is not compiled, so a
 * megabyte of them would delay everyone else. The limit of Node.js on resets counts per second,
 * which is too late.
 */
export function boundStreams(service: FastifyInstance): void {
  service.server.on('session', (session: ServerHttp2Session) => {
    let opened = 0
    const nextTurn = () => {
      opened = 0
    }
    session.on('stream', () => {
      if (opened === 0) setImmediate(nextTurn)
      opened += 1
      if (opened > MOST_STREAMS + MOST_REPLACED) calmDown(session)
    })
  })
}
