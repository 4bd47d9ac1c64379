import t from 'tap'
import { edge } from '../../fixtures/edge.ts'
import { areRefused, get, SMUGGLED } from '../fixtures/smuggled.ts'

const malformed = {
  'a folded line': get('X: y\r\n z: a'),
  'a line that begins with a space': `GET /open HTTP/1.1\r\n Host: a\r\nHost: b\r\n\r\n${SMUGGLED}`,
  'a NUL in a name': get('X\0: y'),
  'a NUL in a value': get('X: y\0z'),
  'a name with a space': get('X Y: z'),
  'a line without a colon': get('X'),
  'a line without a name': get(': x'),
  'HTTP/0.9': `GET /open\r\n\r\n${SMUGGLED}`,
  'HTTP/1.2': `GET /open HTTP/1.2\r\nHost: a\r\n\r\n${SMUGGLED}`,
  'HTTP/2.0': `GET /open HTTP/2.0\r\nHost: a\r\n\r\n${SMUGGLED}`,
  'HTTP/2.0 that stays': `GET /open HTTP/2.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n${SMUGGLED}`,
  'the preface of HTTP/2': `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${SMUGGLED}`,
  'http in lower case': `GET /open http/1.1\r\nHost: a\r\n\r\n${SMUGGLED}`,
  'no Host': `GET /open HTTP/1.1\r\n\r\n${SMUGGLED}`,
  'two Hosts': `GET /open HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${SMUGGLED}`,
  'the same Host twice': `GET /open HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n${SMUGGLED}`,
  'lines that end in LF': `GET /open HTTP/1.1\nHost: a\n\n${SMUGGLED}`,
  'one line that ends in LF': `GET /open HTTP/1.1\nHost: a\r\n\r\n${SMUGGLED}`,
  'lines that end in CR': `GET /open HTTP/1.1\rHost: a\r\r${SMUGGLED}`,
  'a tab in the request line': `GET\t/open\tHTTP/1.1\r\nHost: a\r\n\r\n${SMUGGLED}`,
  'a path that is refused': `GET /open/../x HTTP/1.1\r\nHost: gateway.example\r\n\r\n${SMUGGLED}`
}

t.test('a request that violates RFC 9112 is refused, and its connection closes', async (t) => {
  await areRefused(t, await edge(t), malformed)
})
