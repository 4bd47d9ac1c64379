import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { edge } from '../fixtures/edge.ts'
import { sendBytes, statusesIn } from '../fixtures/raw-client.ts'
import type { Answer } from '../fixtures/upstream.ts'

const ROUTES = `
  - { name: small, prefix: /small, upstream: service, access: public, bodyLimitBytes: 16384, answerSeconds: 1, idleSeconds: 1 }
  - { name: large, prefix: /large, upstream: service, access: public, bodyLimitBytes: 1048576, answerSeconds: 1, idleSeconds: 1 }
`
const post = (path: string, version: string) =>
  `POST ${path} HTTP/${version}\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello`

/**
 * A request may go to its service by itself, with a body that has come, or with one that is still
 * coming: three pieces of code.
 */
const ways: Record<string, (version: string) => string> = {
  'without a body': (version) =>
    `GET /small HTTP/${version}\r\nHost: a\r\nConnection: close\r\n\r\n`,
  'with a body in hand': (version) => post('/small', version),
  'with a body that streams': (version) => post('/large', version)
}

/** Asks in every way; what a client gets, byte for byte. */
async function inEveryWay(
  t: Test,
  answer: Answer,
  judge: (t: Test, got: string) => unknown,
  version = '1.1'
): Promise<void> {
  const gateway = await edge(t, { routes: ROUTES })
  gateway.upstream.answer = answer
  for (const [name, bytes] of Object.entries(ways)) {
    await t.test(name, async (t) => {
      judge(t, await sendBytes(gateway.port, bytes(version)))
    })
  }
  gateway.upstream.answer = (_request, response) => response.end('well')
  t.equal((await gateway.call('/open')).status, 200, 'the gateway goes on')
}

t.test(
  'trailers arrive after the body, except those that set the identity or affect the origin',
  async (t) => {
    const answer: Answer = (_request, response) => {
      response.writeHead(200, { trailer: 'x-checksum' }).write('body')
      response.addTrailers({
        'x-checksum': 'abc',
        'x-auth-subject': 'evil',
        'Set-Cookie': 'a=evil',
        'Alt-Svc': 'evil'
      })
      response.end()
    }
    await inEveryWay(t, answer, (t, got) => {
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

t.test('a service that resets before it answers is 502', (t) =>
  inEveryWay(
    t,
    (request) => request.socket.resetAndDestroy(),
    (t, got) => {
      t.match(got, /^HTTP\/1\.1 502 /)
      t.match(got, '"code":"UPSTREAM_UNAVAILABLE"')
    }
  )
)

t.test('a service that does not answer in time is 504', async (t) => {
  const gateway = await edge(t, { routes: ROUTES })
  gateway.upstream.answer = () => {}
  for (const [name, path, body] of [
    ['without a body', '/small', undefined],
    ['with a body in hand', '/small', 'hello'],
    ['with a body that streams', '/large', 'hello']
  ] as const) {
    const init = body === undefined ? {} : { method: 'POST', body }
    const answer = await fetch(`${gateway.url}${path}`, init)
    t.equal(answer.status, 504, name)
    t.match(await answer.json(), { code: 'UPSTREAM_TIMEOUT' })
  }
})

for (const [framing, headers] of Object.entries({
  'a length': { 'content-length': '10' },
  chunks: {}
})) {
  t.test(`half a response in ${framing} does not look complete`, (t) =>
    inEveryWay(
      t,
      (request, response) => {
        response.writeHead(200, headers).write('hello')
        setTimeout(() => request.socket.destroy(), 20)
      },
      (t, got) => {
        t.match(got, /^HTTP\/1\.1 200 /)
        t.match(got, 'hello')
        t.notMatch(got, /\r\n0\r\n\r\n$/)
      }
    )
  )
}

t.test('a response that pauses for too long is ended, and does not look complete', (t) =>
  inEveryWay(
    t,
    (_request, response) => response.write('some of it'),
    (t, got) => {
      t.match(got, /^HTTP\/1\.1 200 .*some of it/s)
      t.notMatch(got, /\r\n0\r\n\r\n$/)
    }
  )
)

t.test('a client that does not read pauses the service, and is cut off', async (t) => {
  const gateway = await edge(t, { routes: ROUTES })
  const most = 64 * 1024 * 1024
  for (const [name, bytes] of Object.entries(ways)) {
    let written = 0
    let left: Promise<unknown> = Promise.resolve()
    const paused = new Promise<void>((resolve) => {
      gateway.upstream.answer = (_request, response) => {
        left = once(response, 'close')
        const piece = Buffer.alloc(256 * 1024)
        let quiet: NodeJS.Timeout
        const write = () => {
          while (written < most) {
            written += piece.length
            if (!response.write(piece)) break
          }
          clearTimeout(quiet)
          quiet = setTimeout(resolve, 300)
        }
        response.on('drain', write)
        write()
      }
    })
    const client = connect({ port: gateway.port, host: '127.0.0.1' })
    client.on('error', () => {})
    await once(client, 'connect')
    client.pause()
    client.write(bytes('1.1'))
    await paused
    t.ok(written < most, `${name}: stopped after ${written} bytes`)
    await left
    t.ok(written < most, `${name}: its place at the service is free again`)
    client.destroy()
  }
})
