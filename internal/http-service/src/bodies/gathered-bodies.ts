import { IncomingMessage } from 'node:http'
import { Http2ServerRequest, type Http2Stream, type ServerHttp2Session } from 'node:http2'
import type { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { GatheredChunks } from './gathered-chunks.ts'

/** The methods by which the source of a stream adds chunks, and its readers take them. */
type Moves = Pick<Readable, 'push' | 'read'>

/**
 * Lets a stream gather its chunks from now on.
 * @param moves its methods
 */
export function gather(stream: Readable, { push, read }: Moves = stream): void {
  let hasCapacity = true
  /** a reader found less than it asked for */
  let isWanted = false
  const gathered = new GatheredChunks({
    pass(chunk) {
      isWanted = false
      hasCapacity = push.call(stream, chunk)
    },
    isTaken: () => isWanted || stream.readableLength === 0
  })
  stream.push = (chunk, encoding) => {
    if (!Buffer.isBuffer(chunk)) {
      // Nothing comes after the end.
      gathered.flush()
      return push.call(stream, chunk, encoding)
    }
    gathered.add(chunk)
    if (gathered.isFull) return false
    if (gathered.bytes === 0) return hasCapacity
    return stream.readableLength + gathered.bytes < stream.readableHighWaterMark
  }
  stream.read = (size) => {
    const chunk: unknown = read.call(stream, size)
    isWanted ||= chunk === null
    if (isWanted || stream.readableLength === 0) gathered.wake()
    return chunk
  }
}

/** A request of HTTP/1 with gathered chunks. */
export class GatheredRequest extends IncomingMessage {
  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    // Most requests have no body.
    if (chunk === null) return super.push(null)
    gather(this, { push: super.push, read: this.read })
    return this.push(chunk, encoding)
  }
}

/** A request of HTTP/2 with gathered chunks. */
export class GatheredStreamRequest extends Http2ServerRequest {
  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk === null) return super.push(null)
    gather(this, { push: super.push, read: this.read })
    return this.push(chunk, encoding)
  }
}

/** Gathers the DATA frames of the streams below the requests of HTTP/2 as well. */
export function gatherFrames(service: FastifyInstance): void {
  service.server.on('session', (session: ServerHttp2Session) => {
    session.prependListener('stream', (stream: Http2Stream) => {
      // A connection can bring a hundred requests without a body at once.
      if (!stream.endAfterHeaders) gather(stream)
    })
  })
}
