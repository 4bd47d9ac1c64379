import { isFieldValue, isToken } from '@gatehouse/edge-headers/field-syntax'
import { knownNames } from '@gatehouse/edge-headers/known-names'

/** A response whose head has arrived. */
export type SimpleResponse = {
  readonly status: number
  /** by lower-case name */
  readonly headers: Record<string, string | string[]>
  /** the content that arrived with the head */
  readonly content: Buffer
  /** how many bytes of the content are still to come */
  readonly left: number
}

const HEAD_END = Buffer.from('\r\n\r\n')
/** A larger header section is left to the parser of undici, which knows its limit. */
const MOST_HEAD_BYTES = 16 * 1024

/** `HTTP/1.1 200 `, and a reason that nobody reads (RFC 9112 §4) */
const STATUS_LINE = /^HTTP\/1\.1 ([2-5]\d\d) [\x20-\x7e]*$/
const STATUS_LINE_BYTES = 'HTTP/1.1 200 '.length
const LENGTH = /^\d{1,15}$/

const NO_CONTENT = 204
const RESET_CONTENT = 205
const NOT_MODIFIED = 304

/** Names with a meaning for the connection or for the end of the response. */
const NEEDS_UNDICI = new Set(['proxy-connection', 'trailer', 'transfer-encoding', 'upgrade'])

/** The name in lower case; null if the parser of undici must read the response. */
const readName = knownNames((name): string | null => {
  const lower = name.toLowerCase()
  // As in an object of undici, `constructor` is found in the prototype.
  return isToken(name) && !NEEDS_UNDICI.has(lower) && !(lower in {}) ? lower : null
})

/**
 * Reads a response in its simplest form: HTTP/1.1, a final status, header lines that every parser
 * reads in the same way, a `Content-Length` (or a status without content), and at most so many
 * bytes. This is what undici makes of the same bytes, and costs a fraction of it. Pure.
 * @param bytes everything that has arrived since the request, which was not HEAD
 * @returns null for every other response, be it valid or not
 */
export function simpleResponse(bytes: Buffer): SimpleResponse | null {
  const end = bytes.indexOf(HEAD_END)
  if (end < STATUS_LINE_BYTES || end > MOST_HEAD_BYTES) return null
  const head = bytes.toString('latin1', 0, end)
  const first = endOfLine(head, 0)
  const status = Number(STATUS_LINE.exec(head.slice(0, first))?.[1] ?? 0)
  if (status === 0 || status === RESET_CONTENT) return null
  const headers = readLines(head, first + 2)
  if (headers === null) return null
  const length = contentLength(status, headers)
  const start = end + HEAD_END.length
  if (length === null || bytes.length > start + length) return null
  const content = Buffer.from(bytes.subarray(start))
  return { status, headers, content, left: length - content.length }
}

/** Where a line ends. The last line has no end. */
function endOfLine(head: string, from: number): number {
  const end = head.indexOf('\r\n', from)
  return end < 0 ? head.length : end
}

function readLines(head: string, from: number): SimpleResponse['headers'] | null {
  const headers: SimpleResponse['headers'] = {}
  for (let at = from; at < head.length; ) {
    const end = endOfLine(head, at)
    const colon = head.indexOf(':', at)
    if (colon < 0 || colon > end) return null
    const name = readName(head.slice(at, colon))
    const value = readValue(head, colon + 1, end)
    if (name === null || value === null) return null
    const before = headers[name]
    if (before === undefined) headers[name] = value
    else if (typeof before === 'string') headers[name] = [before, value]
    else before.push(value)
    at = end + 2
  }
  return headers
}

/**
 * A value behind at most one space, without white space at its end; null if it is another one, or
 * empty.
 */
function readValue(head: string, from: number, end: number): string | null {
  const start = head.charCodeAt(from) === SPACE ? from + 1 : from
  if (isSpace(head.charCodeAt(start)) || isSpace(head.charCodeAt(end - 1))) return null
  const value = head.slice(start, end)
  return value !== '' && isFieldValue(value) ? value : null
}

const SPACE = 0x20
const isSpace = (code: number): boolean => code === SPACE || code === 0x09

/** The length of the content; null if the response must be read by undici. */
function contentLength(status: number, headers: SimpleResponse['headers']): number | null {
  const { connection, 'content-length': length } = headers
  if (connection !== undefined && String(connection).toLowerCase() !== 'keep-alive') return null
  if (status === NO_CONTENT || status === NOT_MODIFIED) return length === undefined ? 0 : null
  return typeof length === 'string' && LENGTH.test(length) ? Number(length) : null
}
