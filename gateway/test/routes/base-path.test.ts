import t from 'tap'
import { routedEdge } from './fixtures/routed-edge.ts'

const routes = `
  - { name: based, prefix: /based, upstream: based, access: public, stripPrefix: /based, websocket: true }
`
const { send } = await routedEdge(t, { routes, upstreams: `  based: '\${SERVICE}/api/v2/'` })

t.test('the base path precedes every path of its service', async (t) => {
  for (const [path, target] of Object.entries({
    '/based': '/api/v2',
    '/based/': '/api/v2/',
    '/based/a?x': '/api/v2/a?x',
    '/based?x': '/api/v2?x'
  })) {
    for (const method of ['GET', 'POST']) {
      const { received } = await send(`${method} ${path} HTTP/1.1`, ['Content-Length: 0'])
      t.match(received, [{ target, headers: { 'x-forwarded-prefix': '/based' } }], path)
    }
  }
  const spoofed = await send('GET /open HTTP/1.1', ['X-Forwarded-Prefix: /evil'])
  t.equal(spoofed.received[0]?.headers['x-forwarded-prefix'], undefined)
})
