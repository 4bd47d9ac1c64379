import { once } from 'node:events'
import { connect } from 'node:http2'
import { END_HEADERS, type Field, fields, frame, kind } from '@gatehouse/fixtures/http-two-frames'
import t from 'tap'
import {
  asking,
  headers,
  plain,
  post,
  withBody,
  without,
  withTrailers
} from '../fixtures/http-two-requests.ts'
import { edgeOverTls, type Outcome, outcomeOf } from '../fixtures/raw-http-two.ts'

const HIDDEN = 'GET /open/evil HTTP/1.1\r\nHost: evil\r\n\r\n'

/** Requests that break RFC 9113, or that HTTP/1 cannot express. No service may get an `evil`. */
const hostile: Record<string, Buffer> = {
  'a name with capitals': headers(asking({}, ['X-Auth-Subject', 'evil'])),
  'a name with a space at its end': headers(asking({}, ['x-auth-subject ', 'evil'])),
  'a name with a colon in it': headers(asking({}, ['x: a\r\nx-auth-subject', 'evil'])),
  'a name with a line in it': headers(asking({}, ['x\r\nx-auth-subject', 'evil'])),
  'a name with a NUL': headers(asking({}, ['x-auth-subject\0', 'evil'])),
  'a name that is none': headers(asking({}, ['', 'evil'])),
  'an identity header': headers(asking({}, ['x-auth-subject', 'evil'])),
  'one in another spelling': headers(asking({}, ['x_auth_subject', 'evil'])),
  'a value with a line in it': headers(asking({}, ['x', 'a\r\nx-auth-subject: evil'])),
  'a value with a line feed': headers(asking({}, ['x', 'a\nx-auth-subject: evil'])),
  'a value with a NUL': headers(asking({}, ['x', 'a\0evil'])),
  'a pseudo-header that there is not': headers([...asking(), [':x-auth-subject', 'evil']]),
  'a pseudo-header after the others': headers(
    without(':path', ['x', 'y'], [':path', '/open/evil'])
  ),
  'two paths': headers(asking({}, [':path', '/open/evil'])),
  'no path': headers(without(':path')),
  'an empty path': headers(asking({ ':path': '' })),
  'a path without a slash': headers(asking({ ':path': 'open/evil' })),
  'a path that is a URL': headers(asking({ ':path': 'https://evil.example/open/x' })),
  'a path that is a star': headers(asking({ ':path': '*' })),
  'a path with a line in it': headers(asking({ ':path': `/open/x HTTP/1.1\r\nx-evil: evil\r\n` })),
  'a path with a space': headers(asking({ ':path': '/open/x evil' })),
  'a path with dots': headers(asking({ ':path': '/open/../evil' })),
  'a path with a fragment': headers(asking({ ':path': '/open/x#evil' })),
  'a method with a line in it': headers(
    asking({ ':method': 'GET /evil HTTP/1.1\r\nx: y\r\n\r\nGET' })
  ),
  'a method with a space': headers(asking({ ':method': 'GET /evil' })),
  'a method in small letters': headers(asking({ ':method': 'evil' })),
  'no method': headers(without(':method')),
  'two methods': headers(asking({}, [':method', 'DELETE'])),
  'a tunnel': headers([
    [':method', 'CONNECT'],
    [':authority', 'evil:443']
  ]),
  'a WebSocket by CONNECT (RFC 8441)': headers(
    asking({ ':method': 'CONNECT' }, [':protocol', 'websocket'])
  ),
  'two authorities': headers(asking({}, [':authority', 'evil.example'])),
  'an authority and another Host': headers(asking({}, ['host', 'evil.example'])),
  'an authority with a user': headers(asking({ ':authority': 'evil@gateway.example' })),
  'an authority with a path': headers(asking({ ':authority': 'gateway.example/evil' })),
  'an authority with a line in it': headers(asking({ ':authority': 'a\r\nx-evil: evil' })),
  'an empty authority': headers(asking({ ':authority': '', ':path': '/open/evil' })),
  'an empty Host in place of an authority': headers(
    without(':authority', ['host', ''], ['x', 'evil'])
  ),
  'no authority at all': headers(without(':authority')),
  'a hop-by-hop header': headers(asking({}, ['connection', 'x-evil'])),
  'an upgrade': headers(asking({}, ['upgrade', 'evil'])),
  'settings of an upgrade': headers(asking({}, ['http2-settings', 'evil'])),
  'te other than trailers': headers(asking({}, ['te', 'evil'])),
  'a transfer coding (H2.TE)': withBody(
    post(['transfer-encoding', 'chunked']),
    `0\r\n\r\n${HIDDEN}`
  ),
  'a length of nothing before a body (H2.CL)': withBody(post(['content-length', '0']), HIDDEN),
  'a length shorter than the body': withBody(post(['content-length', '5']), `12345${HIDDEN}`),
  'a length longer than the body': withBody(post(['content-length', '500']), HIDDEN),
  'two lengths': withBody(post(['content-length', '41'], ['content-length', '0']), HIDDEN),
  'a length with a sign': withBody(post(['content-length', '+41']), HIDDEN),
  'a body of GET': withBody(asking(), HIDDEN),
  'a length of GET': withBody(asking({}, ['content-length', `${HIDDEN.length}`]), HIDDEN),
  'an identity header after the body': withTrailers(['x-auth-subject', 'evil']),
  'a pseudo-header after the body': withTrailers([':path', '/open/evil']),
  'two tokens': headers(
    asking(
      { ':path': '/closed' },
      ['authorization', 'Bearer evil'],
      ['authorization', 'Bearer evil']
    )
  ),
  'our cookie in crumbs': headers(asking({}, ['cookie', 'a=1'], ['cookie', '__Host-refresh=evil'])),
  'another method by a header': headers(asking({}, ['x-http-method-override', 'evil'])),
  'another address by a header': headers(asking({}, ['x-forwarded-for', 'evil'])),
  '1,000 lines': headers(asking({}, ...Array.from({ length: 1000 }, (): Field => ['x', 'evil']))),
  'a header over the limit': headers(
    asking({}, ['x', `evil${'x'.repeat(15_000)}`], ['y', 'z'.repeat(2000)])
  ),
  'a frame on a stream of the server': headers(asking({ ':path': '/open/evil' }), 5, 2),
  'no preface of headers': frame(kind.continuation, END_HEADERS, 1, fields(plain))
}

t.test('an honest request over raw frames is answered', async (t) => {
  const gateway = await edgeOverTls(t)
  t.equal(await outcomeOf(t, gateway, headers(plain)), 200)
  t.equal(await outcomeOf(t, gateway, headers(asking({ ':path': '/closed' }))), 401)
  t.equal(await outcomeOf(t, gateway, withBody(post(['content-length', '4']), 'body')), 200)
  const both = asking({ ':path': '/open/both' }, ['host', 'Gateway.example'])
  t.equal(await outcomeOf(t, gateway, headers(both)), 200, 'with its authority as Host, too')
  t.match(gateway.upstream.received, [
    { target: '/open/x' },
    { method: 'POST', body: 'body' },
    { target: '/open/both' }
  ])
})

t.test('a GET or HEAD that ends with an empty DATA frame has no body', async (t) => {
  const gateway = await edgeOverTls(t)
  for (const method of ['GET', 'HEAD']) {
    t.equal(await outcomeOf(t, gateway, withBody(asking({ ':method': method }), '')), 200, method)
    const session = connect(gateway.url, { rejectUnauthorized: false })
    t.teardown(() => session.destroy())
    const stream = session.request(
      { ':path': '/open/later', ':method': method },
      { endStream: false }
    )
    session.ping(() => stream.end())
    const [head] = await once(stream, 'response')
    t.equal(head[':status'], 200, `${method}, and later`)
  }
  for (const { headers } of gateway.upstream.received) {
    t.equal(headers['transfer-encoding'] ?? headers['content-length'], undefined)
  }
})

t.test('a body of GET and HEAD is refused, even without a length', async (t) => {
  const gateway = await edgeOverTls(t)
  for (const method of ['GET', 'HEAD']) {
    t.equal(await outcomeOf(t, gateway, withBody(asking({ ':method': method }), 'body')), 400)
  }
})

t.test('white space around a value is refused, as RFC 9113 §8.2.1 asks', async (t) => {
  const gateway = await edgeOverTls(t)
  for (const value of ['Bearer x ', ' Bearer x', 'Bearer x\t', ' ']) {
    const bytes = headers(asking({}, ['authorization', value]))
    t.equal(await outcomeOf(t, gateway, bytes), 400, JSON.stringify(value))
  }
  t.equal(
    await outcomeOf(t, gateway, headers(asking({}, ['x', 'a b']))),
    200,
    'spaces inside are allowed'
  )
  t.equal(
    await outcomeOf(t, gateway, headers(asking({}, ['x', '']))),
    200,
    'an empty value is allowed'
  )
})

t.test('HTTP/2 requests that HTTP/1 cannot express are refused', async (t) => {
  const gateway = await edgeOverTls(t)
  for (const [title, bytes] of Object.entries(hostile)) {
    const before = gateway.upstream.received.length
    const outcome = await outcomeOf(t, gateway, bytes)
    const received = gateway.upstream.received.slice(before)
    t.notMatch(JSON.stringify(received), 'evil', `${title}: ${outcome}, and no service sees it`)
    t.equal(received.length, outcome === 200 ? 1 : 0, `${title}: nothing beside it`)
    t.ok(isAnswer(outcome), `${title}: ${outcome} is an answer`)
  }
  t.equal(await outcomeOf(t, gateway, headers(plain)), 200, 'others are served')
})

const isAnswer = (outcome: Outcome): boolean =>
  typeof outcome === 'string' || (outcome >= 200 && outcome < 500)
