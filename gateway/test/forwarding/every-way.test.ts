import t from 'tap'
import { edge } from '../fixtures/edge.ts'
import { sendBytes, statusesIn } from '../fixtures/raw-client.ts'
import type { Answer } from '../fixtures/upstream.ts'
import { inEveryWay, ROUTES, ways } from './fixtures/every-way.ts'

t.test(
  'trailers arrive after the body, except those that set the identity or affect the origin',
  async (t) => {
    const answer: Answer = (_request, response) => {
      response.writeHead(200, { trailer: 'x-checksum, x-auth-subject, set-cookie' }).write('body')
      response.addTrailers({
        'x-checksum': 'abc',
        'x-auth-subject': 'evil',
        'Set-Cookie': 'a=evil',
        'Alt-Svc': 'evil'
      })
      response.end()
    }
    await inEveryWay(t, answer, (t, got) => {
      t.match(got, /\r\ntrailer: x-checksum\r\n/i, 'announced')
      t.match(got, /\r\n0\r\nx-checksum: abc\r\n\r\n$/)
      t.notMatch(got, 'evil')
    })
  }
)

const hinting: Answer = (_request, response) => {
  response.writeEarlyHints({
    link: '</style.css>; rel=preload',
    'x-auth-subject': 'evil',
    'alt-svc': 'evil'
  })
  response.writeProcessing()
  response.end('the answer')
}

t.test('informational responses are passed on', (t) =>
  inEveryWay(t, hinting, (t, got) => {
    t.match(got, /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/style\.css>; rel=preload\r\n\r\n/)
    t.match(got, /HTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 200 OK.*the answer$/s)
    t.notMatch(got, 'evil')
  })
)

t.test('a 100 Continue that no client asked for is dropped', (t) => {
  const answer: Answer = (_request, response) => {
    for (let times = 0; times < 3; times += 1) response.writeContinue()
    response.writeEarlyHints({ link: '</style.css>; rel=preload' })
    response.writeContinue()
    response.end('the answer')
  }
  return inEveryWay(t, answer, (t, got) => {
    t.match(got, /^HTTP\/1\.1 103 Early Hints\r\n[^\r]*\r\n\r\nHTTP\/1\.1 200 OK.*the answer$/s)
  })
})

t.test('a 205 has no content, whatever its service sends', (t) => {
  const answer: Answer = (request) => {
    request.socket.end('HTTP/1.1 205 Reset Content\r\nContent-Length: 4\r\n\r\nevil')
  }
  return inEveryWay(t, answer, (t, got) => {
    t.match(got, /^HTTP\/1\.1 205 Reset Content\r\n.*content-length: 0\r\n.*\r\n\r\n$/is)
    t.notMatch(got, 'evil')
  })
})

t.test('informational responses are not sent to HTTP/1.0 clients', (t) =>
  inEveryWay(t, hinting, (t, got) => t.match(got, /^HTTP\/1\.1 200/), '1.0')
)

for (const status of [204, 304]) {
  t.test(`${status} has no body and no length`, (t) =>
    inEveryWay(
      t,
      (_request, response) => response.writeHead(status, { etag: '"1"' }).end(),
      (t, got) => {
        t.match(got, new RegExp(`^HTTP/1\\.1 ${status} `))
        t.match(got, /\r\n\r\n$/)
        t.notMatch(got, /transfer-encoding/i)
      }
    )
  )
}

t.test('a 304 has the length of the 200, a 204 none, and the connection continues', async (t) => {
  const gateway = await edge(t, { routes: ROUTES })
  for (const [name, bytes] of Object.entries(ways)) {
    for (const status of [204, 304]) {
      gateway.upstream.answer = ({ socket }) => {
        const head = `HTTP/1.1 ${status} No Content\r\nContent-Length: 50\r\nETag: "1"\r\n\r\n`
        socket.write(head)
      }
      const last = bytes('1.1')
      const got = await sendBytes(gateway.port, last.replace('Connection: close\r\n', '') + last)
      t.strictSame(statusesIn(got), [status, status], name)
      const lengths = [...got.matchAll(/^content-length: (\d+)\r$/gim)].map(([, length]) => length)
      t.strictSame(lengths, status === 304 ? ['50', '50'] : [], name)
    }
  }
})
