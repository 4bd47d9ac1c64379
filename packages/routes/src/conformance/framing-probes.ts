import { type Field, newCanary, type Probe } from './probe.ts'

/**
 * Requests whose end two servers may find at different places. If they do, an attacker can hide a
 * request in the body of another one (RFC 9112 §11.2).
 *
 * No probe hides one. All readings of a probe end at the same byte, before a CR LF that servers
 * skip (RFC 9112 §2.2), or at a point where a server still waits for more. So a connection between
 * two proxies carries no bytes of a probe into the request of another client.
 */
export const framingProbes = (): Probe[] => [
  ...CODINGS.flatMap(([title, ...lines]) => [lengthFirst(title, lines), lengthLast(title, lines)]),
  ...LENGTHS.map(([title, ...lines]) => badLength(title, lines)),
  ...CHUNKS.map(([title, body]) => badChunk(title, body))
]

/** As a proxy writes them into a request of HTTP/1.1 for the service. */
export const framingProbesOfHttpTwo = (): Probe[] => [
  ...HTTP_TWO_CODINGS.map(([title, ...fields]) => {
    const { body, ...probe } = twiceFramed(`content-length and ${title}`)
    return { ...probe, body, fields: [lengthField(body.length), ...fields] }
  }),
  ...HTTP_TWO_LENGTHS.map(([title, ...lengths]) => {
    const { canary, ...probe } = withLength(title)
    const isAmbiguous = (report: string) => hasLength(report, SHORT)
    return { ...probe, canary, isAmbiguous, fields: lengths.map(lengthField) }
  })
]

/** Both framings are there; a server that does not recognise the second one uses the first. */
const CODINGS: readonly (readonly [title: string, ...lines: string[]])[] = [
  ['transfer-encoding: chunked', 'transfer-encoding: chunked'],
  ['transfer-encoding: CHUNKED', 'transfer-encoding: CHUNKED'],
  ['transfer-encoding: xchunked', 'transfer-encoding: xchunked'],
  ['transfer-encoding: chunked, identity', 'transfer-encoding: chunked, identity'],
  ['transfer-encoding, twice', 'transfer-encoding: identity', 'transfer-encoding: chunked'],
  ['transfer-encoding with a control character', 'transfer-encoding: \x0bchunked'],
  ['transfer-encoding with a space before the colon', 'transfer-encoding : chunked'],
  ['transfer-encoding with a folded value', 'transfer-encoding:\r\n chunked'],
  ['transfer-encoding after a line that ends with LF', 'x-filler: a\ntransfer-encoding: chunked'],
  ['transfer-encoding after a line that ends with CR', 'x-filler: a\rtransfer-encoding: chunked'],
  ['transfer_encoding', 'transfer_encoding: chunked']
]

const HTTP_TWO_CODINGS: readonly (readonly [title: string, ...fields: Field[]])[] = [
  ['transfer-encoding', ['transfer-encoding', 'chunked']],
  ['transfer_encoding', ['transfer_encoding', 'chunked']],
  ['transfer-encoding after CR LF in a value', ['x-filler', 'a\r\ntransfer-encoding: chunked']],
  ['transfer-encoding after CR LF in a name', ['x-filler: a\r\ntransfer-encoding', 'chunked']]
]

const canaryLength = newCanary().length
/** The body of a probe is one line. Its shorter length leaves out the CR LF. */
const SHORT = canaryLength
const WHOLE = canaryLength + 2

const LENGTHS: readonly (readonly [title: string, ...lines: string[]])[] = [
  ['two lengths', `content-length: ${SHORT}`, `content-length: ${WHOLE}`],
  ['two lengths, the longer one first', `content-length: ${WHOLE}`, `content-length: ${SHORT}`],
  ['two lengths in one line', `content-length: ${SHORT}, ${WHOLE}`],
  ['a length with a sign', `content-length: +${WHOLE}`],
  ['a length with a letter', `content-length: ${WHOLE}a`],
  [
    'two lengths, one with a space before the colon',
    `content-length : ${SHORT}`,
    `content-length: ${WHOLE}`
  ],
  [
    'two lengths, one after a line that ends with CR',
    `x-filler: a\rcontent-length: ${SHORT}`,
    `content-length: ${WHOLE}`
  ]
]

const HTTP_TWO_LENGTHS: readonly (readonly [title: string, ...lengths: number[]])[] = [
  ['a length that is too short', SHORT],
  ['two lengths', SHORT, WHOLE]
]

const SIZE = canaryLength.toString(16)

/** No server may accept such chunks (RFC 9112 §7.1). The last one would be of 2^64 bytes more. */
const CHUNKS: readonly (readonly [title: string, body: (canary: string) => string])[] = [
  ['a chunk extension that ends with LF', (canary) => `${SIZE};a\n${canary}\r\n0\r\n\r\n`],
  ['chunk lines that end with LF', (canary) => `${SIZE}\n${canary}\n0\n\n`],
  ['a chunk without CR LF at its end', (canary) => `${SIZE}\r\n${canary}xx0\r\n\r\n`],
  ['a chunk size with 0x', (canary) => `0x${SIZE}\r\n${canary}\r\n0\r\n\r\n`],
  ['a chunk size beyond 64 bits', (canary) => `100000000000000${SIZE}\r\n${canary}\r\n0\r\n\r\n`]
]

const lengthField = (length: number): Field => ['content-length', String(length)]

type WithBody = Probe & { readonly body: string }

/**
 * The canary is split over two chunks, so only a server that decodes them sees it in one piece.
 * Zeros and an extension make the body longer than a proxy would write it, so that a service that
 * trusts the length waits and does not take the rest for a request.
 */
function twiceFramed(title: string): WithBody {
  const canary = newCanary()
  const half = canaryLength / 2
  const size = half.toString(16).padStart(6, '0')
  const body = `${size};a=b\r\n${canary.slice(0, half)}\r\n${size}\r\n${canary.slice(half)}\r\n0\r\n\r\n`
  const isAmbiguous = (report: string) =>
    hasLength(report, body.length) && (report.includes(canary) || hasCoding(report))
  return { title, canary, method: 'PUT', body, isAmbiguous }
}

function lengthFirst(title: string, lines: readonly string[]): Probe {
  const probe = twiceFramed(`content-length and ${title}`)
  return { ...probe, lines: [`content-length: ${probe.body.length}`, ...lines] }
}

function lengthLast(title: string, lines: readonly string[]): Probe {
  const probe = twiceFramed(`${title} and content-length`)
  return { ...probe, lines: [...lines, `content-length: ${probe.body.length}`] }
}

function withLength(title: string): WithBody {
  const canary = newCanary()
  return { title, canary, method: 'PUT', body: `${canary}\r\n` }
}

/** A server must refuse such a request (RFC 9112 §6.3): it is a finding if the service gets it. */
const isReached = () => true

const badLength = (title: string, lines: readonly string[]): Probe => ({
  ...withLength(title),
  isAmbiguous: isReached,
  lines
})

function badChunk(title: string, bodyOf: (canary: string) => string): Probe {
  const canary = newCanary()
  const lines = ['transfer-encoding: chunked']
  return { title, canary, method: 'PUT', isAmbiguous: isReached, lines, body: bodyOf(canary) }
}

/** Whether a service got this length as header, in whatever format it reports that. */
const hasLength = (report: string, length: number): boolean =>
  [...report.matchAll(/content[-_]length\W+(\d+)/gi)].some(([, found]) => Number(found) === length)

/** As a name, even after an escaped line end; not in the value of another header. */
const hasCoding = (report: string): boolean =>
  /(?:(?<![\w -])|(?<=\\[nr]))transfer[-_]encoding/i.test(report)
