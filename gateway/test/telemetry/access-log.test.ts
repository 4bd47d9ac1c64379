import { once } from 'node:events'
import http2 from 'node:http2'
import { connect } from 'node:net'
import t from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { sendBytes } from '../fixtures/raw-client.ts'
import { selfSigned } from '../fixtures/self-signed.ts'
import { logged } from './fixtures/logged.ts'

t.test(
  'each request is one line with the caller, the request, the service and the duration',
  async (t) => {
    const { gateway, next, metrics } = await logged(t)
    gateway.upstream.answer = (_request, response) => response.writeHead(201).end('12345')
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
    const answer = await gateway.call('/closed/things?token=secret', {
      headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` }
    })
    await answer.text()
    const line = await next()
    t.match(line, {
      level: 30,
      name: 'gateway',
      msg: 'request',
      time: Number,
      request_id: answer.headers.get('x-request-id'),
      trace_id: trace,
      'http.request.method': 'GET',
      'http.route': 'closed',
      'url.path': '/closed/things',
      'http.response.status_code': 201,
      'http.response.body.size': 5,
      'http.server.request.duration': Number,
      'upstream.duration': Number,
      'upstream.address': gateway.upstream.url,
      'user.id': 'user-1',
      'session.id': 'session-1',
      'client.id': 'gatehouse',
      'client.address': '127.0.0.1',
      'network.protocol.version': '1.1'
    })
    t.notOk('error.type' in line || 'sample_rate' in line)
    t.notMatch(JSON.stringify(line), 'secret')
    t.match(
      await metrics.getSingleMetricAsString('gateway_request_duration_seconds'),
      'gateway_request_duration_seconds_count{route="closed",method="GET",status="2xx"} 1'
    )
    t.match(
      await metrics.getSingleMetricAsString('gateway_upstream_duration_seconds'),
      `gateway_upstream_duration_seconds_count{address="${gateway.upstream.url}"} 1`
    )
  }
)

t.test(
  'the line of a login or refresh has the caller that the auth service names, which the client does not get',
  async (t) => {
    const { gateway, next } = await logged(t)
    const named = {
      'x-auth-subject': 'user-2',
      'x-auth-session': 'session-2',
      'x-auth-client': 'client-2'
    }
    gateway.upstream.answer = (_request, response) => response.writeHead(401, named).end()
    const refused = await gateway.call('/auth/login', { method: 'POST', body: '{}' })
    t.strictSame(
      Object.keys(named).filter((name) => refused.headers.has(name)),
      []
    )
    t.match(await next(), {
      'user.id': 'user-2',
      'session.id': 'session-2',
      'client.id': 'client-2'
    })

    await (await gateway.call('/open/a', { headers: { authorization: '' } })).text()
    const ofStranger = await next()
    t.notOk('session.id' in ofStranger, 'a service that takes no credentials names no caller')

    gateway.upstream.answer = (_request, response) =>
      response.writeHead(200, { 'x-auth-session': 'a token.\u00e9'.repeat(40) }).end()
    await (await gateway.call('/auth/login', { method: 'POST', body: '{}' })).text()
    t.notOk('session.id' in (await next()), 'an invalid id is not written')
  }
)

t.test('the line of a refusal has its code, its reason and the caller if known', async (t) => {
  const { gateway, next, metrics } = await logged(t)
  const cases = {
    '/closed': [{ authorization: '' }, 401, 'UNAUTHENTICATED', 'closed', undefined],
    '/admins': [{}, 403, 'FORBIDDEN', 'admins', 'user-1'],
    '/away': [{}, 502, 'UPSTREAM_UNAVAILABLE', 'away', undefined],
    '/nowhere': [{}, 404, 'NOT_FOUND', undefined, undefined]
  } as const
  for (const [path, [headers, status, code, route, user]] of Object.entries(cases)) {
    const answer = await gateway.call(path, { headers })
    const length = (await answer.text()).length
    const line = await next()
    t.match(line, {
      'http.response.status_code': status,
      'error.type': code,
      reason: String,
      'http.response.body.size': length
    })
    t.strictSame([line['http.route'], line['user.id']], [route, user], path)
  }
  const counted = await metrics.getSingleMetricAsString('gateway_refusals_total')
  t.match(counted, 'gateway_refusals_total{route="admins",code="FORBIDDEN"} 1')
  t.match(counted, 'gateway_refusals_total{route="none",code="NOT_FOUND"} 1')

  const malformed = {
    'GET /open/%zz HTTP/1.1': ['FST_ERR_BAD_URL', 'GET', '/open/%zz'],
    'DELETE /% HTTP/1.1': ['FST_ERR_BAD_URL', 'DELETE', '/%'],
    'GET /open/"\\ HTTP/1.1': ['path', 'GET', '/open/"\\'],
    'POST /open/a HTTP/1.1\r\nExpect: more': ['another expectation', 'POST', '/open/a']
  }
  for (const [beginning, [reason, method, path]] of Object.entries(malformed)) {
    const bytes = `${beginning}\r\nHost: shop.example\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n`
    t.match(
      await sendBytes(gateway.port, bytes),
      /^HTTP\/1.1 400 [\s\S]*\r\nconnection: close\r\n/i
    )
    t.match(await next(), {
      'http.request.method': method,
      'url.path': path,
      'http.response.status_code': 400,
      'client.address': '203.0.113.9',
      'error.type': 'INVALID_REQUEST',
      reason
    })
  }
  const all = await metrics.getSingleMetricAsString('gateway_refusals_total')
  t.match(all, 'gateway_refusals_total{route="none",code="INVALID_REQUEST"} 4')
})

t.test('an upload over HTTP/2 gets an access log line like every other request', async (t) => {
  const { gateway, next } = await logged(t, {}, await selfSigned())
  const client = http2.connect(gateway.url, { rejectUnauthorized: false })
  t.teardown(() => client.close())
  const authorization = `Bearer ${gateway.token()}`
  const stream = client.request({ ':method': 'POST', ':path': '/auth/login/a?b', authorization })
  stream.end('x'.repeat(200_000))
  stream.resume()
  await once(stream, 'close')
  t.match(await next(), {
    'http.request.method': 'POST',
    'http.response.status_code': 200,
    'network.protocol.version': '2.0',
    'http.response.body.size': 2,
    'upstream.address': gateway.upstream.url,
    'url.path': '/auth/login/a'
  })
  const unknown = client.request({ ':method': 'FOO', ':path': '/open/a?b', authorization })
  const [answer] = await once(unknown.resume(), 'response')
  t.equal(answer[':status'], 400)
  t.match(await next(), {
    'http.request.method': 'FOO',
    'url.path': '/open/a',
    'http.response.status_code': 400,
    reason: 'an unknown method'
  })
})

t.test(
  'the line of a broken response says so, and that of a client that left has no status',
  async (t) => {
    const { gateway, next, metrics } = await logged(t)
    gateway.upstream.answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('12345', () => response.destroy())
    }
    await t.rejects(
      gateway.call('/closed/a').then((answer) => answer.text()),
      { message: 'terminated' }
    )
    t.match(await next(), {
      'http.response.status_code': 200,
      'http.response.body.size': 5,
      'error.type': 'broken_off'
    })
    const counted = await metrics.getSingleMetricAsString('gateway_broken_answers_total')
    t.match(counted, 'gateway_broken_answers_total{route="closed"} 1')

    const asked = new Promise<void>((resolve) => {
      gateway.upstream.answer = () => resolve()
    })
    const socket = connect(gateway.port, '127.0.0.1')
    socket.write('GET /open/a HTTP/1.1\r\nHost: shop.example\r\n\r\n')
    await asked
    socket.destroy()
    const line = await next()
    t.equal(line['error.type'], 'broken_off')
    t.notOk('http.response.status_code' in line)
  }
)

t.test('a WebSocket gets one access log line, when it ends', async (t) => {
  const { gateway, next, lines } = await logged(t)
  const server = new WebSocketServer({ server: gateway.upstream.server })
  t.teardown(() => server.close())
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/socket`, {
    headers: { authorization: `Bearer ${gateway.token()}` }
  })
  await once(socket, 'open')
  t.strictSame(lines, [], 'it is under way')
  socket.close()
  t.match(await next(), {
    'http.route': 'socket',
    'http.response.status_code': 101,
    'user.id': 'user-1'
  })
  t.strictSame(lines, [])
})
