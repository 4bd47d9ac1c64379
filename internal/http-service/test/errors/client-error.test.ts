import { once } from 'node:events'
import { createConnection } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { exchange } from '../fixtures/exchange.ts'
import { smallService } from '../fixtures/small-service.ts'

/** The parts of the only response. */
function parts(answer: string) {
  const [head = '', body = '', ...more] = answer.split('\r\n\r\n')
  return { head, body, problem: JSON.parse(body), more }
}

const next = 'GET /notes/7 HTTP/1.1\r\nhost: a\r\n\r\n'
const unreadable = {
  'no HTTP at all': 'hello\r\n\r\n',
  'a method that there is not': 'STEAL /notes/7 HTTP/1.1\r\nhost: a\r\n\r\n',
  'two lengths':
    'POST /anything HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\ncontent-length: 9\r\n\r\n',
  'a length and chunks (RFC 9112 §6.3)':
    'POST /anything HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  'a chunk that has no size': `POST /anything HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`,
  'a line feed alone in a header':
    'GET /notes/7 HTTP/1.1\r\nhost: a\r\nx: b\nx-auth-subject: c\r\n\r\n',
  'a folded header': 'GET /notes/7 HTTP/1.1\r\nhost: a\r\nx : b\r\n\r\n'
}

for (const [what, bytes] of Object.entries(unreadable)) {
  t.test(`${what}: 400, and later bytes are not read`, async (t) => {
    const { head, body, problem, more } = parts(await exchange(t, bytes + next))
    t.match(head, /^HTTP\/1\.1 400 Bad Request\r\n/)
    t.match(head, /^content-type: application\/problem\+json$/m)
    t.match(head, /^connection: close$/m)
    t.match(head, new RegExp(`^content-length: ${Buffer.byteLength(body)}$`, 'm'))
    t.match(problem, { status: 400, code: 'INVALID_REQUEST', requestId: /^[\w-]{36}$/ })
    t.notMatch(body, 'HPE_', 'the reason stays here')
    t.strictSame(more, [], 'exactly one response')
  })
}

t.test('a request with headers that are too large gets 431', async (t) => {
  const header = `x: ${'y'.repeat(16 * 1024)}\r\n`
  const { head, problem } = parts(await exchange(t, `GET /notes/7 HTTP/1.1\r\n${header}\r\n`))
  t.match(head, /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/)
  t.match(problem, { status: 431, code: 'INVALID_REQUEST', detail: 'the headers are too large' })
})

t.test('headers just under the limit are accepted', async (t) => {
  const header = `host: a\r\nconnection: close\r\nx: ${'y'.repeat(15 * 1024)}\r\n`
  const answer = await exchange(t, `GET /notes/7 HTTP/1.1\r\n${header}\r\n`)
  t.match(answer, /^HTTP\/1\.1 200 OK\r\n/)
})

t.test('a body that becomes unreadable after its response gets no second one', async (t) => {
  const service = smallService()
  t.teardown(() => service.close())
  const { port } = new URL(await service.listen({ host: '127.0.0.1', port: 0 }))
  const socket = createConnection({ host: '127.0.0.1', port: Number(port) }).setEncoding('latin1')
  t.teardown(() => socket.destroy())
  socket.write('POST /none HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n')
  const [answer] = await once(socket, 'data')
  t.match(answer, /^HTTP\/1\.1 404 /)
  socket.write('0\r\ncontent-length: 3\r\n\r\n')
  t.equal(await text(socket), '', 'the connection closes')
})
