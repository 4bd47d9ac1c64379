import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect as connectHttpTwo } from 'node:http2'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { type Edge, type EdgeOptions, edge } from '../fixtures/edge.ts'
import { selfSigned } from '../fixtures/self-signed.ts'

type Early = (request: IncomingMessage, response: ServerResponse) => void

/** A gateway in front of a service that does not wait for the body. */
async function early(t: Test, answer: Early, options: EdgeOptions = {}): Promise<Edge> {
  const gateway = await edge(t, options)
  gateway.upstream.answer = () => {}
  gateway.upstream.server.removeAllListeners('request').on('request', (request, response) => {
    request.on('error', () => {})
    answer(request, response)
  })
  return gateway
}

/**
 * Begins an upload whose body looks like requests, and continues it. Returns everything that
 * arrives until the connection ends.
 */
async function upload(gateway: Edge): Promise<string> {
  const socket = connect({ port: gateway.port, host: '127.0.0.1' }).setEncoding('latin1')
  socket.on('error', () => {})
  socket.write(`POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${NEXT}`)
  let answer = ''
  socket.on('data', (text) => {
    answer += text
    socket.write(NEXT)
  })
  await new Promise<void>((resolve) => socket.once('close', () => resolve()))
  return answer
}

const NEXT = 'GET /open/smuggled HTTP/1.1\r\nHost: a\r\n\r\n'

t.test(
  'a response may come before the body, and is then the last one of its connection',
  async (t) => {
    const seen: string[] = []
    const gateway = await early(t, ({ url = '' }, response) => {
      seen.push(url)
      response.writeHead(413).end('enough')
    })
    const answer = await upload(gateway)
    t.match(answer, /^HTTP\/1\.1 413 .*enough/s)
    t.match(answer.toLowerCase(), '\r\nconnection: close\r\n')
    t.strictSame(seen, ['/open'], 'the rest of the body is not read as a request')
  }
)

t.test(
  'a client that reads only after it has sent everything gets the whole response',
  async (t) => {
    const routes = `
  - { name: large, prefix: /large, upstream: service, access: public, bodyLimitBytes: 16777216 }
`
    const reason = 'too large '.repeat(20_000)
    const gateway = await early(
      t,
      ({ socket }, response) => {
        socket.pause()
        response.writeHead(413, { 'content-length': reason.length }).end(reason)
      },
      { routes }
    )
    const body = Buffer.alloc(8 * 1024 * 1024)
    for (const framing of [`Content-Length: ${body.length}`, 'Transfer-Encoding: chunked']) {
      const socket = connect({ port: gateway.port, host: '127.0.0.1' }).setEncoding('latin1')
      socket.pause().write(`POST /large HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`)
      if (framing.startsWith('Transfer')) socket.write(`${body.length.toString(16)}\r\n`)
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject).write(body, () => resolve())
      })
      let text = ''
      for await (const piece of socket) text += piece
      t.match(text, /^HTTP\/1\.1 413 /, framing)
      t.equal(text.split('too large ').length - 1, 20_000, framing)
    }
  }
)

t.test(
  'a refusal while the body arrives is also the last response of its connection',
  async (t) => {
    const gateway = await early(t, () => {})
    gateway.upstream.stop()
    const answer = await upload(gateway)
    t.match(answer, /^HTTP\/1\.1 502 .*"code":"UPSTREAM_UNAVAILABLE"/s)
    t.match(answer.toLowerCase(), '\r\nconnection: close\r\n')
    t.equal(answer.split('HTTP/1.1').length, 2, 'one answer')
  }
)

t.test('over HTTP/2, the connection continues after an early response', async (t) => {
  const https = await selfSigned()
  const gateway = await early(t, (_request, response) => response.writeHead(413).end('enough'), {
    https
  })
  const session = connectHttpTwo(gateway.url, { rejectUnauthorized: false })
  t.teardown(() => session.destroy())
  for (let turn = 0; turn < 3; turn += 1) {
    const stream = session.request({ ':method': 'POST', ':path': '/open' }).on('error', () => {})
    stream.write('a beginning')
    const [headers] = await once(stream, 'response')
    t.equal(headers[':status'], 413)
    let text = ''
    for await (const chunk of stream.setEncoding('utf8')) text += chunk
    t.equal(text, 'enough')
  }
})

t.test('the headers of a response do not wait for its body', async (t) => {
  let end = () => {}
  const gateway = await early(t, (_request, response) => {
    response.writeHead(200, { 'x-own': 'yes' }).flushHeaders()
    end = () => response.end('the rest')
  })
  const answer = await fetch(`${gateway.url}/open`)
  t.equal(answer.headers.get('x-own'), 'yes')
  end()
  t.equal(await answer.text(), 'the rest')
})

t.test('request body and response can stream at the same time', async (t) => {
  const gateway = await early(t, (request, response) => {
    request.pipe(response)
  })
  const socket = connect({ port: gateway.port, host: '127.0.0.1' }).setEncoding('latin1')
  t.teardown(() => socket.destroy())
  socket.write('POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
  for (const word of ['one', 'two', 'three']) {
    socket.write(`${word.length.toString(16)}\r\n${word}\r\n`)
    let text = ''
    while (!text.includes(word)) text += (await once(socket, 'data'))[0]
    t.match(text, word, `${word} comes back before the next is sent`)
  }
  let text = ''
  socket.on('data', (piece) => {
    text += piece
  })
  socket.write('0\r\n\r\n')
  while (!text.includes('0\r\n\r\n')) await once(socket, 'data')
  t.match(text, /0\r\n\r\n$/, 'and the answer ends with the body')
})
