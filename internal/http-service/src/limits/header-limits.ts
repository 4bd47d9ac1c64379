import type { IncomingMessage } from 'node:http'
import { Refusal } from '@gatehouse/problem/refusal'
import { isHttpTwo } from '../http-two.ts'

/** names and values of a header section and the target, in bytes */
const MAX_BYTES = 16 * 1024
/** for HTTP/2; Node.js resets a stream with more lines */
const MAX_LINES = 128
/**
 * RFC 9113 §6.5.2: how many bytes, in addition to its own, a line counts for in the limit that a
 * server announces
 */
const LINE_OVERHEAD_BYTES = 32

/** The maximum size of a response's header section over HTTP/2, in bytes. */
const MAX_RESPONSE_BYTES = 256 * 1024

/** The limits of Node.js while it reads a header section. */
export const headerLimits = {
  maxHeaderSize: MAX_BYTES,
  maxHeaderListPairs: MAX_LINES,
  maxResponseHeaderSize: MAX_RESPONSE_BYTES,
  /** announced to clients of HTTP/2, and enforced by Node.js once they have confirmed it */
  maxHeaderListSize: MAX_BYTES + MAX_LINES * LINE_OVERHEAD_BYTES
} as const

export type SectionFlaws = {
  /**
   * It is larger than one of HTTP/1 may be. Node.js does not enforce the server's settings on a
   * client that does not confirm them, and such a client can repeat a line of 4 KiB with one byte
   * (RFC 7541 §6.1).
   */
  readonly isTooLarge: boolean
  /** RFC 9113 §8.2.1: a value that begins or ends with white space makes the request malformed. */
  readonly hasOuterWhiteSpace: boolean
}

const NONE: SectionFlaws = { isTooLarge: false, hasOuterWhiteSpace: false }

/** What Node.js accepts in a header section over HTTP/2. Its parser of HTTP/1 refuses both. */
export function sectionFlaws(raw: IncomingMessage): SectionFlaws {
  if (!isHttpTwo(raw)) return NONE
  let bytes = 0
  let hasOuterWhiteSpace = false
  for (const part of raw.rawHeaders) {
    bytes += part.length
    hasOuterWhiteSpace ||= isBlank(part.charCodeAt(0)) || isBlank(part.charCodeAt(part.length - 1))
  }
  return { isTooLarge: bytes > MAX_BYTES, hasOuterWhiteSpace }
}

const [SPACE, TAB] = [0x20, 0x09]
const isBlank = (code: number): boolean => code === SPACE || code === TAB

/** @param reason for the log */
export const headersTooLarge = (reason: string) =>
  new Refusal('INVALID_REQUEST', { status: 431, reason, detail: 'the headers are too large' })
