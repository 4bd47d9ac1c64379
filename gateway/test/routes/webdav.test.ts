import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import t from 'tap'
import { edge } from '../fixtures/edge.ts'
import { routedEdge } from './fixtures/routed-edge.ts'

const routes = `
  - { name: dav, prefix: /dav, upstream: service, access: public, stripPrefix: /dav, methods: { GET: {}, PUT: {}, PROPFIND: {}, MKCOL: {}, LOCK: {}, COPY: {}, MOVE: {} } }
  - { name: dav-private, prefix: /dav/private, upstream: service, stripPrefix: /dav, methods: { GET: {}, COPY: {} } }
`
const { send } = await routedEdge(t, { routes })

t.test('WebDAV methods are accepted only on routes that list them', async (t) => {
  for (const [method, body] of Object.entries({ PROPFIND: '<a/>', MKCOL: '', LOCK: '<b/>' })) {
    const lines = ['Depth: 1', `Content-Length: ${body.length}`, 'Content-Type: application/xml']
    const { statuses, received } = await send(`${method} /dav/a HTTP/1.1`, lines, body)
    t.strictSame(statuses, [200], method)
    t.match(received, [{ method, target: '/a', body, headers: { depth: '1' } }])
  }
  const unlisted = await send('MKCALENDAR /dav/a HTTP/1.1')
  t.strictSame([unlisted.statuses, unlisted.received], [[405], []])
  t.match(unlisted.answer, /\r\nallow: GET, PUT, PROPFIND, MKCOL, LOCK, COPY, MOVE, HEAD\r\n/i)
  t.strictSame((await send('PROPFIND /nowhere HTTP/1.1')).statuses, [404])
})

t.test('a destination is authorised like the path itself', async (t) => {
  const copied = async (destination: string, method = 'COPY') => {
    const lines = [`Destination: ${destination}`, 'Content-Length: 0']
    const { statuses, received } = await send(`${method} /dav/a HTTP/1.1`, lines)
    return [statuses[0], received[0]?.headers.destination]
  }
  t.strictSame(await copied('/dav/b'), [200, '/b'])
  t.strictSame(await copied('http://gateway.example/dav/b%20c', 'MOVE'), [200, '/b%20c'])
  t.strictSame(await copied('https://GATEWAY.example/dav/b'), [200, '/b'])
  for (const destination of [
    '/closed/x',
    '/dav/private/x',
    '/open/x',
    'http://other.example/dav/b',
    '//dav/b',
    '/dav/../closed',
    '/dav/%2e%2e/closed',
    '/dav/PRIVATE/x',
    '/dav/private%2Fx',
    'dav/b',
    '',
    'http://gateway.example@evil/dav/b',
    'ftp://gateway.example/dav/b',
    '/dav/b#c',
    '/dav/b c'
  ]) {
    const { statuses, received } = await send('COPY /dav/a HTTP/1.1', [
      `Destination: ${destination}`,
      'Content-Length: 0'
    ])
    t.notOk(statuses.includes(200), destination)
    t.strictSame(received, [], destination)
  }
})

t.test('a destination has the host that a trusted proxy reports', async (t) => {
  const { port } = await edge(t, {
    routes,
    trustedProxies: ['127.0.0.1'],
    proxyHeaders: 'x-forwarded'
  })
  const copied = async (destination: string) => {
    const sent = request({
      port,
      method: 'COPY',
      path: '/dav/a',
      agent: false,
      headers: {
        host: 'internal:3000',
        'x-forwarded-for': '192.0.2.1',
        'x-forwarded-host': 'api.example',
        'x-forwarded-proto': 'https',
        'content-length': '0',
        destination
      }
    }).end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    response.resume()
    return response.statusCode
  }
  t.equal(await copied('https://api.example/dav/b'), 200)
  t.equal(await copied('https://internal:3000/dav/b'), 400)
})
