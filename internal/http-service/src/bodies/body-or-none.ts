import type { IncomingMessage } from 'node:http'
import { isHttpTwo } from '../http-two.ts'

/** Methods whose requests have no body, except for services that say that they read one. */
const BODILESS = new Set(['GET', 'HEAD'])

/** How long the frame that says whether there is a body may take to arrive. */
const LONGEST_MS = 2000

/**
 * Calls `next` once it is known whether a GET or HEAD has a body. Over HTTP/2, some clients
 * announce a body with their header section and end it with an empty DATA frame (RFC 9113 §8.1): Go
 * for a body of unknown length, and libraries for gRPC. Any other request is passed on at once.
 * @param next gets whether the request has no body although its header section announced one
 */
export function bodyOrNone(raw: IncomingMessage, next: (hasNone: boolean) => void): void {
  if (!isHttpTwo(raw) || raw.stream.endAfterHeaders || !BODILESS.has(raw.method)) {
    next(false)
    return
  }
  const { stream } = raw
  const { push } = stream
  let isDecided = false
  const decide = (hasNone: boolean): void => {
    if (isDecided) return
    isDecided = true
    clearTimeout(late)
    stream.push = push
    stream.off('close', onClose)
    if (hasNone) stream.resume()
    next(hasNone)
  }
  const onClose = (): void => decide(false)
  const late = setTimeout(decide, LONGEST_MS, false).unref()
  stream.once('close', onClose)
  stream.push = (chunk, encoding) => {
    // The end, or the first bytes: Node.js passes on no empty frame.
    setImmediate(decide, chunk === null)
    stream.push = push
    return push.call(stream, chunk, encoding)
  }
  // Node.js asks for frames only when the stream is read.
  stream.read(0)
}
