import { once } from 'node:events'
import { createConnection } from 'node:net'
import { text } from 'node:stream/consumers'
import { closed } from '@gatehouse/fixtures/closed'
import t from 'tap'
import { exchange } from './fixtures/exchange.ts'
import { smallService } from './fixtures/small-service.ts'

const last = 'host: a\r\nconnection: close\r\n'

/** Requests that Node.js would accept, or refuse in a form of its own. */
const refused: Record<string, [bytes: string, status: string]> = {
  'HTTP/0.9': ['GET /notes/7 HTTP/0.9\r\n\r\n', '400 Bad Request'],
  'HTTP/2.0 in the request line': [`GET /notes/7 HTTP/2.0\r\n${last}\r\n`, '400 Bad Request'],
  'no Host': ['GET /notes/7 HTTP/1.1\r\nconnection: close\r\n\r\n', '400 Bad Request'],
  'an empty Host': [
    'GET /notes/7 HTTP/1.1\r\nhost:\r\nconnection: close\r\n\r\n',
    '400 Bad Request'
  ],
  'chunks in HTTP/1.0': [
    'POST /anything HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    '400 Bad Request'
  ],
  'an expectation that no server can meet': [
    `GET /notes/7 HTTP/1.1\r\n${last}expect: foo\r\n\r\n`,
    '400 Bad Request'
  ],
  'a path that cannot be decoded': [
    'GET /notes/%zz HTTP/1.1\r\nhost: a\r\n\r\nGET /notes/7 HTTP/1.1\r\nhost: a\r\n\r\n',
    '400 Bad Request'
  ],
  'a path that cannot be decoded, with chunks in HTTP/1.0': [
    'POST /% HTTP/1.0\r\nhost: a\r\nconnection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    '400 Bad Request'
  ],
  CONNECT: [
    'CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\nGET /notes/7 HTTP/1.1\r\nhost: a\r\n\r\n',
    '405 Method Not Allowed'
  ]
}

for (const [title, [bytes, status]] of Object.entries(refused)) {
  t.test(`${title} is refused in the documented form`, async (t) => {
    const [head = '', body = '', ...more] = (await exchange(t, bytes)).split('\r\n\r\n')
    t.ok(head.startsWith(`HTTP/1.1 ${status}\r\n`), head)
    t.match(head, /^content-type: application\/problem\+json/m)
    t.match(JSON.parse(body), { status: Number(status.slice(0, 3)), requestId: /./ })
    t.strictSame(more, [], 'and nothing behind it is read')
  })
}

t.test('a connection that asked for CONNECT does not outlive its client', async (t) => {
  const service = smallService()
  t.teardown(() => service.close())
  const { port } = new URL(await service.listen({ host: '127.0.0.1', port: 0 }))
  const accepted = once(service.server, 'connection')
  const client = createConnection({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true })
  t.teardown(() => client.destroy())
  const tunnelled = 'x'.repeat(300_000)
  client.setEncoding('latin1').write(`CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n${tunnelled}`)
  const [socket] = await accepted
  t.match(await text(client), /^HTTP\/1\.1 405 /)
  client.end()
  await closed(socket)
  t.ok(socket.destroyed)
})

t.test('HTTP/1.0 needs no Host, and may wait for a 100', async (t) => {
  t.match(await exchange(t, 'GET /notes/7 HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 OK\r\n/)
  const waiting = `POST /anything HTTP/1.1\r\n${last}expect: 100-continue\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`
  t.match(await exchange(t, waiting), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
})
