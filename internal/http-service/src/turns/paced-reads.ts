import type { Readable } from 'node:stream'
import { type Pace, PacedBytes } from './paced-bytes.ts'

const NOTHING = Buffer.alloc(0)

/**
 * An empty chunk ends an attempt to read, and begins another one.
 * @param push the method of the stream
 */
export const readAgain = (stream: Readable, push: Readable['push']): boolean =>
  push.call(stream, NOTHING)

/** Lets the readers of a stream get what arrives from now on in pieces. */
export function paceReads(stream: Readable, pace: Pace): void {
  const { push, read, _read: readMore } = stream
  const paced = new PacedBytes(pace, {
    pass(piece) {
      push.call(stream, piece)
      // Node.js does so as well.
      if (piece === null) stream.read(0)
    },
    isReady: () => stream.readableLength === 0,
    isFull: () => stream.readableLength > 0,
    readAgain: () => readAgain(stream, push)
  })
  stream.push = (chunk) => {
    if (chunk !== null) return paced.receive(chunk)
    paced.finish()
    return false
  }
  stream.read = (size) => {
    const chunk: unknown = read.call(stream, size)
    if (stream.readableLength === 0) paced.wake()
    return chunk
  }
  stream._read = (size) => {
    if (!paced.isStopped) readMore.call(stream, size)
  }
  stream.once('close', () => paced.clear())
}
