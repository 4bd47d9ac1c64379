import type { IncomingMessage } from 'node:http'
import { Refusal } from '@gatehouse/problem/refusal'
import { isHttpTwo } from './http-two.ts'

/** Names and values of a header section, with the target, in bytes. */
const MAX_BYTES = 16 * 1024
/** of HTTP/2; Node.js resets a stream with more lines */
const MAX_LINES = 128
/** RFC 9113 §6.5.2: how much more than its bytes a line counts for in the limit that a server announces */
const LINE_OVERHEAD_BYTES = 32

/** What the header section of an answer may take over HTTP/2, in bytes. */
const MAX_ANSWER_BYTES = 256 * 1024

/** How Node.js bounds a header section while it reads it. */
export const headerLimits = {
  maxHeaderSize: MAX_BYTES,
  maxHeaderListPairs: MAX_LINES,
  maxAnswerHeaderSize: MAX_ANSWER_BYTES,
  /** announced to clients of HTTP/2, and enforced by Node.js once they have confirmed it */
  maxHeaderListSize: MAX_BYTES + MAX_LINES * LINE_OVERHEAD_BYTES
} as const

/**
 * Whether the header section of a request over HTTP/2 is larger than one of HTTP/1 may be. A client that does not confirm the
 * server's settings is not held to them by Node.js, and can repeat a line of 4 KiB by one byte (RFC 7541 §6.1).
 */
export function isHeaderSectionTooLarge(raw: IncomingMessage): boolean {
  if (!isHttpTwo(raw)) return false
  let bytes = 0
  for (const part of raw.rawHeaders) bytes += part.length
  return bytes > MAX_BYTES
}

/** @param reason for the log */
export const headersTooLarge = (reason: string) =>
  new Refusal('INVALID_REQUEST', { status: 431, reason, detail: 'the headers are too large' })
