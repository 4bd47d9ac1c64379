import { constants, type ServerHttp2Session } from 'node:http2'
import type { FastifyInstance } from 'fastify'

/** The maximum number of open streams per connection. */
export const MOST_STREAMS = 128

/**
 * Ends an HTTP/2 connection that opens twice as many streams in one turn of the event loop as it
 * may have open at a time. Such a client resets what it opens (CVE-2023-44487). Each stream is a
 * request that the server begins to handle, so a megabyte of them would delay everyone else. The
 * limit of Node.js on resets counts per second, which is too late.
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
      if (opened >= 2 * MOST_STREAMS)
        session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM)
    })
  })
}
