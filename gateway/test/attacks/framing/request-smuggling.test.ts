import t from 'tap'
import { edge } from '../../fixtures/edge.ts'
import { areRefused, get, post, SMUGGLED, withCoding, withLength } from '../fixtures/smuggled.ts'

// Two programs that read one connection must agree on where each request ends. If they could
// differ, a second request can hide in the first (RFC 9112 §11.2).

const lengths = [
  ' 5\r\nContent-Length: 5',
  ' 5\r\nContent-Length: 0',
  ' 0\r\nContent-Length: 5',
  ' 5, 5',
  ' 5,0',
  ' +5',
  ' -5',
  ' -0',
  ' 0x5',
  ' 5e0',
  ' 5.0',
  ' 5 5',
  ' 5;',
  ' "5"',
  ' five',
  '',
  ' \x0b5',
  ' 5\x00',
  ' 5\r',
  ' 99999999999999999999999',
  ' 9007199254740993',
  ' 18446744073709551621',
  ' \xb2',
  ' 5_0'
]
const codings = [
  ' chunked, identity',
  ' identity, chunked',
  ' identity',
  ' gzip',
  ' gzip, chunked',
  ' chunked, gzip',
  ' cow',
  ' xchunked',
  ' chunkedx',
  ' chunked chunked',
  ' chunked, chunked',
  ' "chunked"',
  ' chunked;q=1',
  ' chunked;',
  ' \x0bchunked',
  ' chunked\x0b',
  ' chun\0ked',
  ' ,chunked',
  ' chunked,',
  ' x, chunked',
  '',
  ' chunked\xa0',
  ...['identity', 'chunked', 'cow', ''].map((more) => ` chunked\r\nTransfer-Encoding: ${more}`),
  ' identity\r\nTransfer-Encoding: chunked',
  ' chunked\r\nContent-Length: 5',
  '\r\n chunked',
  '\n chunked',
  ' chunked\r\nContent-Length: 0'
]

const contradictions = {
  'length and chunks': post('Content-Length: 5\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
  'length before a folded coding': post(
    'Content-Length: 5\r\nX: y\r\n Transfer-Encoding: chunked',
    'hello'
  ),
  'space before the colon': post('Transfer-Encoding : chunked', '0\r\n\r\n'),
  'tab before the colon': post('Content-Length\t: 5', 'hello'),
  'a bare LF before a coding': post('X: y\nTransfer-Encoding: chunked', '0\r\n\r\n'),
  'a bare CR before a coding': post('X: y\rTransfer-Encoding: chunked', '0\r\n\r\n'),
  'chunks in HTTP/1.0': `POST /open HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'chunks in HTTP/1.0 that stays': `POST /open HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'a body with GET': get(`Content-Length: ${SMUGGLED.length}`),
  'a body in chunks with GET': get('Transfer-Encoding: chunked', '0\r\n\r\n'),
  'a body with HEAD': `HEAD /open HTTP/1.1\r\nHost: gateway.example\r\nContent-Length: 5\r\n\r\nhello${SMUGGLED}`
}

t.test('the list of smuggling attempts has its full length', (t) => {
  t.ok(new Set([...lengths, ...codings, ...Object.values(contradictions)]).size >= 60)
  t.end()
})

t.test('a body with a malformed length is refused', async (t) => {
  const cases = lengths.map((value) => [value, withLength(value)])
  await areRefused(t, await edge(t), Object.fromEntries(cases))
})

t.test('a body with an unknown transfer coding is refused', async (t) => {
  const cases = codings.map((value) => [value, withCoding(value)])
  await areRefused(t, await edge(t), Object.fromEntries(cases))
})

t.test('a request with two framings is refused', async (t) => {
  await areRefused(t, await edge(t), contradictions)
})
