import { once } from 'node:events'
import { type ClientHttp2Session, connect, constants, type OutgoingHttpHeaders } from 'node:http2'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { type EdgeOptions, edge } from '../../fixtures/edge.ts'
import { selfSigned } from '../../fixtures/self-signed.ts'
import { hasReceived } from '../../fixtures/upstream.ts'

const https = await selfSigned()

async function overTls(t: Test, options: EdgeOptions = {}) {
  const gateway = await edge(t, { https, ...options })
  const session = connect(gateway.url, { rejectUnauthorized: false })
  t.teardown(() => session.destroy())
  return { gateway, session }
}

type Answer = {
  status: number
  headers: OutgoingHttpHeaders
  body: string
  trailers: OutgoingHttpHeaders
}

/** A request on a stream of its own, and its whole response. */
async function ask(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string
): Promise<Answer> {
  const stream = session.request(headers, { endStream: body === undefined })
  if (body !== undefined) stream.end(body)
  let trailers: OutgoingHttpHeaders = {}
  stream.on('trailers', (those) => {
    trailers = those
  })
  const [received] = await once(stream, 'response')
  let text = ''
  for await (const chunk of stream.setEncoding('utf8')) text += chunk
  return { status: Number(received[':status']), headers: received, body: text, trailers }
}

t.test('a client that speaks HTTP/2 is served like any other', async (t) => {
  const { gateway, session } = await overTls(t)
  gateway.upstream.answer = (_request, response) => {
    response.writeHead(201, { 'x-own': 'yes', connection: 'x-hop', 'x-hop': '1' })
    response.end('made')
  }
  const answer = await ask(
    session,
    {
      ':method': 'POST',
      ':path': '/closed/a?x=1',
      'content-type': 'text/plain',
      authorization: `Bearer ${gateway.token()}`,
      'x-auth-roles': 'admin',
      cookie: ['a=1', '__Host-refresh=secret']
    },
    'hello'
  )
  t.equal(answer.status, 201)
  t.equal(answer.body, 'made')
  t.match(answer.headers, { 'x-own': 'yes', 'x-request-id': /./ })
  t.notOk('x-hop' in answer.headers)
  const [received] = gateway.upstream.received
  t.match(received, { method: 'POST', target: '/closed/a?x=1', body: 'hello' })
  t.match(received?.headers, {
    'x-auth-subject': 'user-1',
    'x-auth-roles': 'user',
    cookie: 'a=1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': new URL(gateway.url).host
  })
})

t.test('only the gateway sends Strict-Transport-Security, and only over TLS', async (t) => {
  const { gateway, session } = await overTls(t, { hsts: 'max-age=600' })
  gateway.upstream.answer = (_request, response) => {
    response.writeHead(200, { 'strict-transport-security': 'max-age=0' }).end()
  }
  for (const path of ['/open', '/closed']) {
    const { headers } = await ask(session, { ':path': path })
    t.equal(headers['strict-transport-security'], 'max-age=600', path)
  }
  const plain = await edge(t, { hsts: 'max-age=600', trustedProxies: ['127.0.0.1'] })
  const said = async (proto: string) => {
    const { headers } = await plain.call('/open', { headers: { 'x-forwarded-proto': proto } })
    return headers.get('strict-transport-security')
  }
  t.equal(await said('http'), null)
  t.equal(await said('https'), 'max-age=600', 'over TLS that a trusted proxy ends')
})

t.test('trailers of a response arrive over HTTP/2 after the body', async (t) => {
  const { gateway, session } = await overTls(t)
  gateway.upstream.answer = (_request, response) => {
    response.write('body')
    response.addTrailers({ 'x-checksum': 'abc', 'x-auth-subject': 'evil' })
    response.end()
  }
  const { trailers, body } = await ask(session, { ':path': '/open' })
  t.equal(body, 'body')
  t.equal(trailers['x-checksum'], 'abc')
  t.notOk('x-auth-subject' in trailers)
})

t.test('a body without a length is forwarded, within the limit of its route', async (t) => {
  const routes = `
  - { name: small, prefix: /small, upstream: service, access: public, bodyLimitBytes: 10 }
`
  const { gateway, session } = await overTls(t, { routes })
  const post = (path: string, body: string) =>
    ask(session, { ':method': 'POST', ':path': path }, body)
  t.equal((await post('/open', 'no length, no type')).status, 200)
  t.equal(gateway.upstream.received[0]?.body, 'no length, no type')
  t.equal((await post('/small', 'x'.repeat(10))).status, 200)
  t.equal((await post('/small', 'x'.repeat(11))).status, 413)
  t.equal((await ask(session, { ':method': 'POST', ':path': '/small' })).status, 200, 'no body')
  t.equal(gateway.upstream.received.length, 3)
})

t.test('a refused stream gets the documented error, and other streams continue', async (t) => {
  const { gateway, session } = await overTls(t)
  const refused: [OutgoingHttpHeaders, number][] = [
    [{ ':path': '/closed' }, 401],
    [{ ':path': '/open/../closed' }, 400],
    [{ ':path': '/open//x' }, 400],
    [{ ':path': '/nowhere' }, 404],
    [{ ':path': '/open', ':authority': 'a', host: 'other.example' }, 400]
  ]
  for (const [headers, status] of refused) {
    const answer = await ask(session, headers)
    t.equal(answer.status, status, JSON.stringify(headers))
    t.match(JSON.parse(answer.body), { code: /./, requestId: /./ })
  }
  t.strictSame(gateway.upstream.received, [])
  t.equal((await ask(session, { ':path': '/open' })).status, 200)
})

t.test('streams do not wait for each other, and a reset of a client takes effect', async (t) => {
  const { gateway, session } = await overTls(t)
  const gone = new Promise<void>((resolve) => {
    gateway.upstream.answer = (request, response) => {
      if (request.url === '/open/slow') request.socket.once('close', () => resolve())
      else response.end('quick')
    }
  })
  const slow = session.request({ ':path': '/open/slow' })
  slow.on('error', () => {})
  await hasReceived(t, gateway.upstream, 1)
  t.equal((await ask(session, { ':path': '/open/quick' })).body, 'quick')
  slow.close(constants.NGHTTP2_CANCEL)
  await t.resolves(gone, 'the stream at the service is reset')
})

t.test('a broken response does not look complete', async (t) => {
  const { gateway, session } = await overTls(t)
  gateway.upstream.answer = (_request, response) => {
    response.writeHead(200).write('the first half')
    setImmediate(() => response.destroy())
  }
  await t.rejects(ask(session, { ':path': '/open' }), { code: 'ERR_HTTP2_STREAM_ERROR' })
})

t.test('HTTP/1.1 and WebSockets go over the same port', async (t) => {
  const routes = `
  - { name: live, prefix: /live, upstream: service, websocket: true }
`
  const { gateway } = await overTls(t, { routes })
  const socket = connectTls({ port: gateway.port, host: '127.0.0.1', rejectUnauthorized: false })
  socket.write('GET /open HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  let text = ''
  for await (const chunk of socket.setEncoding('latin1')) text += chunk
  t.match(text, /^HTTP\/1\.1 200 OK\r\n/)
  const refused = new WebSocket(`${gateway.url.replace('http', 'ws')}/live`, {
    rejectUnauthorized: false
  })
  refused.on('error', () => {})
  const [, response] = await once(refused, 'unexpected-response')
  t.equal(response.statusCode, 401)
  refused.terminate()
})

t.test('a draining gateway answers the requests in flight', async (t) => {
  const { gateway, session } = await overTls(t)
  gateway.upstream.answer = (_request, response) => setTimeout(() => response.end('late'), 200)
  const late = ask(session, { ':path': '/open' })
  await hasReceived(t, gateway.upstream, 1)
  const closing = gateway.close()
  t.equal((await late).body, 'late')
  await closing
})

t.test('a 205 over HTTP/2 has no content, whatever its service sends', async (t) => {
  const { gateway, session } = await overTls(t)
  gateway.upstream.answer = ({ socket }) => {
    socket.write('HTTP/1.1 205 Reset Content\r\nContent-Length: 4\r\n\r\nevil')
  }
  const answer = await ask(session, { ':path': '/open/form' })
  t.match(answer, { status: 205, body: '', headers: { 'content-length': '0' } })
})
