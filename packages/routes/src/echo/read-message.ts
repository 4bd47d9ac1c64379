/** Which header field decides where a body ends, if a request has both. */
export type Framing = 'content-length' | 'transfer-encoding'

/** A request, as the lenient reader understands it. */
export type Message = {
  readonly method: string
  readonly target: string
  /** every line of the head after the first, as it was received */
  readonly lines: readonly string[]
  readonly body: string
  /** how many bytes of the connection it takes, with empty lines before it */
  readonly length: number
}

const END_OF_HEAD = /\r?\n\r?\n/
const LINE_END = /\r\n|\n|\r/

/**
 * Reads the first request of a connection as the most lenient server would: lines may end with LF
 * or CR alone, may be folded, and `_` in a name counts as `-`. Never use it where the answer
 * matters: what it accepts is what attackers send.
 * @param received bytes, as latin1
 * @param decides RFC 9112 §6.3 demands `transfer-encoding`
 * @returns null if more bytes must come
 */
export function readMessage(received: string, decides: Framing): Message | null {
  const skipped = /^[\r\n]*/.exec(received)?.[0].length ?? 0
  const text = received.slice(skipped)
  const end = END_OF_HEAD.exec(text)
  if (end === null) return null
  const [first = '', ...lines] = text.slice(0, end.index).split(LINE_END)
  const [method = '', target = ''] = first.split(' ')
  const start = end.index + end[0].length
  const read = bodyReader(lines, decides)(text.slice(start))
  if (read === null) return null
  return { method, target, lines, body: read.body, length: skipped + start + read.length }
}

type Body = { readonly body: string; readonly length: number }

function bodyReader(lines: readonly string[], decides: Framing): (rest: string) => Body | null {
  const fields = fieldsOf(lines)
  const isChunked = fields.some(
    ([name, value]) => name === 'transfer-encoding' && value.toLowerCase().includes('chunked')
  )
  const lengths = fields.filter(([name]) => name === 'content-length')
  const length = Number.parseInt(lengths.at(-1)?.[1] ?? '0', 10) || 0
  if (isChunked && (decides === 'transfer-encoding' || lengths.length === 0)) return decodeChunks
  return (rest) => (rest.length < length ? null : { body: rest.slice(0, length), length })
}

/** Names and values, unfolded (RFC 9112 §5.2). */
function fieldsOf(lines: readonly string[]): [name: string, value: string][] {
  const unfolded: string[] = []
  for (const line of lines) {
    if (/^[ \t]/.test(line)) unfolded.push(`${unfolded.pop() ?? ''} ${line.trim()}`)
    else unfolded.push(line)
  }
  return unfolded.map((line) => {
    const [name = '', ...value] = line.split(':')
    return [name.trim().toLowerCase().replaceAll('_', '-'), value.join(':').trim()]
  })
}

function decodeChunks(rest: string): Body | null {
  let body = ''
  let at = 0
  for (;;) {
    const lineEnd = rest.indexOf('\n', at)
    if (lineEnd < 0) return null
    const size = Number.parseInt(rest.slice(at, lineEnd), 16) || 0
    at = lineEnd + 1
    if (size === 0) break
    if (rest.length < at + size) return null
    body += rest.slice(at, at + size)
    at += size
    at += /^(?:\r\n|\n|..)/s.exec(rest.slice(at))?.[0].length ?? 0
  }
  const after = rest.slice(at)
  const end = /^\r?\n/.exec(after) ?? /\n\r?\n/.exec(after)
  if (end === null) return null
  const trailers = after.slice(0, end.index + end[0].length)
  return { body: body + trailers, length: at + trailers.length }
}
