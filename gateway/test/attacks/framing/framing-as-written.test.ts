import { connect } from 'node:net'
import t from 'tap'
import { edge } from '../../fixtures/edge.ts'
import { provoke } from '../fixtures/raw-request.ts'
import { get, inChunks, post, SMUGGLED, withCoding, withLength } from '../fixtures/smuggled.ts'

const LENGTH = SMUGGLED.length
/** the same, without closing the connection */
const STAYING = SMUGGLED.replace('Connection: close\r\n', '')

/**
 * Requests that can be read in only one way (RFC 9112 §6, §7). The service must get this body, and
 * then the next request.
 */
const followed: [title: string, bytes: string, body: string][] = [
  ['a length of zero with GET', get('Content-Length: 0'), ''],
  ['zeros before a length', withLength(' 005'), 'hello'],
  ['spaces around a length', withLength(' \t 5 \t'), 'hello'],
  ['chunked in capitals', withCoding(' CHUNKED'), ''],
  ['a tab before chunked', withCoding('\tchunked'), ''],
  ['extensions', inChunks('5;a=b;c="d"\r\nhello\r\n0;e\r\n\r\n'), 'hello'],
  ['zeros before a size', inChunks('00005\r\nhello\r\n0\r\n\r\n'), 'hello'],
  ['a trailer', inChunks('5\r\nhello\r\n0\r\nX: y\r\n\r\n'), 'hello'],
  [
    'a request in a chunk',
    inChunks(`${LENGTH.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`),
    SMUGGLED
  ],
  ['another spelling of a coding', get('Transfer_Encoding: chunked'), ''],
  ['another spelling of a length', get('Content_Length: 9\r\nContent.Length: 9'), ''],
  ['Expect', post('Expect: 100-continue\r\nContent-Length: 5', 'hello'), 'hello'],
  ['empty lines before', `\r\n\r\n${get('X: y')}`, '']
]

/** Requests after which the gateway reads no other request. */
const last: [title: string, bytes: string, body: string][] = [
  [
    'the next request as a body',
    post(`Connection: close\r\nContent-Length: ${LENGTH}`, ''),
    SMUGGLED
  ],
  ['Connection: close', get('Connection: close'), ''],
  [
    'Connection: close and a body',
    post('Connection: close\r\nContent-Length: 5', 'hello'),
    'hello'
  ],
  ['HTTP/1.0', `GET /open HTTP/1.0\r\n\r\n${SMUGGLED}`, '']
]

t.test('unambiguous requests are read one after the other', async (t) => {
  const gateway = await edge(t)
  for (const [title, bytes, body] of [...followed, ...last]) {
    const { statuses, received } = await provoke(gateway, bytes)
    const first = { target: '/open', body }
    const next = { target: '/open/smuggled', body: '' }
    const isLast = last.some(([name]) => name === title)
    t.strictSame(
      received.map(({ target, body }) => ({ target, body })),
      isLast ? [first] : [first, next],
      title
    )
    t.strictSame(
      statuses.filter((status) => status !== 100),
      isLast ? [200] : [200, 200],
      title
    )
    const names = received.flatMap(({ headers }) => Object.keys(headers))
    t.notMatch(names.join(), /_|content\./, `${title}: no other spelling is forwarded`)
  }
})

t.test('requests of one connection are handled in turn', async (t) => {
  const gateway = await edge(t)
  const order: string[] = []
  gateway.upstream.answer = ({ url }, response) => {
    order.push(`begin ${url}`)
    setImmediate(() => {
      order.push(`end ${url}`)
      response.end(url)
    })
  }
  const posted = ['/open/1', '/open/2', '/open/3']
  const paths = [...posted, '/open/smuggled']
  const bytes = posted.map(
    (path) => `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`
  )
  const { answer, statuses } = await provoke(gateway, `${bytes.join('')}${SMUGGLED}`)
  t.strictSame(statuses, [200, 200, 200, 200])
  t.strictSame(
    order,
    paths.flatMap((path) => [`begin ${path}`, `end ${path}`])
  )
  t.strictSame(answer.match(/\/open\/(\d|smuggled)/g), paths, 'and answered in turn')
})

t.test('a connection with too many pipelined requests is cut', async (t) => {
  const gateway = await edge(t)
  gateway.upstream.answer = () => {}
  const { statuses, received } = await provoke(gateway, STAYING.repeat(200))
  t.strictSame(statuses, [])
  t.ok(received.length <= 1, 'and no service sees more than the first')
})

t.test('nothing is written into the middle of a response', async (t) => {
  // The response never ends, so the gateway cuts it when the service has been silent for the time
  // that the route allows.
  const routes =
    '  - { name: brief, prefix: /brief, upstream: service, access: public, idleSeconds: 1 }\n'
  const gateway = await edge(t, { routes })
  gateway.upstream.answer = (_request, response) => {
    response.writeHead(200, { 'content-length': '10' }).write('hello')
  }
  const socket = connect({ port: gateway.port, host: '127.0.0.1' })
  t.teardown(() => socket.destroy())
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk
    if (answer.endsWith('hello')) socket.write('no request at all\r\n\r\n')
  })
  socket.on('error', () => {})
  socket.write(STAYING.replace(/(?<=^\w+ )\S+/, '/brief'))
  await new Promise((resolve) => socket.once('close', resolve))
  t.match(
    answer,
    /^HTTP\/1\.1 200 [\s\S]*\r\n\r\nhello$/,
    'no problem document in the middle of a body'
  )
})
