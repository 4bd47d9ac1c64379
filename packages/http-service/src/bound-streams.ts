import { constants, type ServerHttp2Session } from 'node:http2'
import type { FastifyInstance } from 'fastify'

/** Streams that one connection may have open at a time. */
export const MOST_STREAMS = 128

/**
 * Ends a connection of HTTP/2 that opens twice as many streams in one turn of the event loop as it may have open at a time: it
 * resets what it opens (CVE-2023-44487). Each stream is a request that is taken up, so a megabyte of them would hold up everybody else
 * before the limit of Node.js on resets, which counts by the second, could say anything.
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
