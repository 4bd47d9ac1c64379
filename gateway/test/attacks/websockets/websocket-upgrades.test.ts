import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import t from 'tap'
import { bearer, refusal, sockets } from '../../websocket/fixtures/sockets.ts'
import { head, provoke } from '../fixtures/raw-request.ts'

t.test('without a valid token, an upgrade is refused before the service is asked', async (t) => {
  const { open, taken, gateway } = await sockets(t)
  const now = Math.floor(gateway.clock() / 1000)
  gateway.log.revoke({ kind: 'session', id: 'ended', until: now + 300 })
  while (gateway.revoked.size === 0) await new Promise((resolve) => setImmediate(resolve))
  const tokens: Record<string, [headers: Record<string, string>, code: string]> = {
    none: [{}, 'UNAUTHENTICATED'],
    garbled: [{ authorization: 'Bearer x.y.z' }, 'UNAUTHENTICATED'],
    expired: [bearer(gateway, { exp: now - 60 }), 'TOKEN_EXPIRED'],
    revoked: [bearer(gateway, { sid: 'ended' }), 'SESSION_ENDED']
  }
  for (const [title, [headers, code]] of Object.entries(tokens)) {
    const { status, body } = await refusal(open('/live', [], headers))
    t.equal(status, 401, title)
    t.equal(JSON.parse(body).code, code, title)
  }
  const query = await refusal(open(`/live?access_token=${gateway.token()}`, [], {}))
  t.equal(query.status, 401, 'a token in the query does not count')
  const twice = await refusal(open('/live', [`gatehouse.bearer.${gateway.token()}`, 'v1']))
  t.equal(twice.status, 400, 'nor are two')
  const pair = [1, 2].map((jti) => `gatehouse.bearer.${gateway.token({ jti: `token-${jti}` })}`)
  t.equal((await refusal(open('/live', pair, {}))).status, 400, 'in whatever place')
  t.strictSame([taken, gateway.upstream.received], [[], []])
})

t.test('a page of another origin opens no WebSocket, with or without a token', async (t) => {
  const { open, taken, gateway } = await sockets(t, { allowedOrigins: ['https://shop.example'] })
  const own = gateway.url
  for (const origin of [
    'https://evil.example',
    'null',
    `${own}.evil.example`,
    own.replace('http', 'https'),
    'https://shop.example.evil.example',
    'https://shop.example.',
    ''
  ]) {
    for (const path of ['/live', '/live-open']) {
      const { status } = await refusal(open(path, [], { ...bearer(gateway), origin }))
      t.equal(status, 403, `${origin} at ${path}`)
    }
  }
  t.strictSame(taken, [])
  const written = ['https://shop.example', 'HTTPS://Shop.example:443', 'wss://shop.example']
  for (const origin of [own, own.toUpperCase(), own.replace('http', 'ws'), ...written]) {
    await once(open('/live', [], { ...bearer(gateway), origin }), 'open')
  }
  t.equal(taken.length, 6, 'its own pages and those on the list do, however they are written')
})

t.test('a route with its own origins accepts their pages, and no others', async (t) => {
  const routes = `
  - { name: live, prefix: /live, upstream: service, websocket: true, cors: { origins: ['https://partner.example'] } }
`
  const { open, taken, gateway } = await sockets(t, {
    routes,
    allowedOrigins: ['https://shop.example']
  })
  const { status } = await refusal(
    open('/live', [], { ...bearer(gateway), origin: 'https://shop.example' })
  )
  t.equal(status, 403)
  for (const origin of ['https://partner.example', gateway.url]) {
    await once(open('/live', [], { ...bearer(gateway), origin }), 'open')
  }
  t.equal(taken.length, 2)
})

const handshake = {
  connection: 'Connection: Upgrade',
  upgrade: 'Upgrade: websocket',
  version: 'Sec-WebSocket-Version: 13',
  key: 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
}
const broken: Record<string, { method?: string; lines: Partial<typeof handshake> }> = {
  POST: { method: 'POST', lines: {} },
  'no key': { lines: { key: 'X: y' } },
  'a short key': { lines: { key: 'Sec-WebSocket-Key: abc' } },
  'no version': { lines: { version: 'X: y' } },
  'another version': { lines: { version: 'Sec-WebSocket-Version: 8' } },
  'two protocols': { lines: { upgrade: 'Upgrade: websocket, h2c' } },
  'a body': { lines: { connection: 'Connection: Upgrade\r\nContent-Length: 5' } },
  'subprotocols that are none': {
    lines: { connection: 'Connection: Upgrade\r\nSec-WebSocket-Protocol: a b' }
  },
  'a length in another spelling': {
    lines: { connection: 'Connection: Upgrade\r\nContent-Length: 00' }
  },
  'a chunked body of nothing': {
    lines: { connection: 'Connection: Upgrade\r\nTransfer-Encoding: chunked' }
  },
  'a subprotocol twice': {
    lines: { connection: 'Connection: Upgrade\r\nSec-WebSocket-Protocol: a, a' }
  }
}

t.test('an incomplete handshake opens no WebSocket, and later bytes are not read', async (t) => {
  const { gateway, taken } = await sockets(t)
  for (const [title, { method = 'GET', lines }] of Object.entries(broken)) {
    const all = Object.values({ ...handshake, ...lines })
    const bytes = head(`${method} /live-open HTTP/1.1`, ...all).replace('\r\nConnection: close', '')
    const smuggled = 'GET /open/smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
    const { statuses, received } = await provoke(gateway, `${bytes}${smuggled}`)
    t.strictSame([statuses, received], [[400], []], title)
  }
  t.strictSame(taken, [])
})

t.test('a handshake may announce an empty body, as that of Java does', async (t) => {
  const { open, taken, gateway } = await sockets(t)
  await once(open('/live', [], { ...bearer(gateway), 'content-length': '0' }), 'open')
  t.equal(taken.length, 1)
  t.notOk('content-length' in (taken[0]?.request.headers ?? {}), 'the service gets no length')
})

t.test('a route without websocket accepts no upgrade', async (t) => {
  const { open, gateway } = await sockets(t)
  for (const path of ['/closed', '/open']) {
    t.equal((await refusal(open(path))).status, 400, path)
  }
  t.strictSame(gateway.upstream.received, [])
})

t.test('an upgrade that a service answers with endless hints gets 502', async (t) => {
  const hints = 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1000)
  const closed: Promise<unknown>[] = []
  const service = createServer((socket) => {
    closed.push(once(socket, 'close'))
    const more = () => socket.write(hints, () => socket.destroyed || setImmediate(more))
    socket.on('error', () => {}).once('data', more)
  })
  await once(service.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => service.close())
  const { open } = await sockets(t, {
    upstreams: `  hinting: 'http://127.0.0.1:${(service.address() as AddressInfo).port}'`,
    routes: `
  - { name: hints, prefix: /hints, upstream: hinting, websocket: true, access: public }
`
  })
  t.equal((await refusal(open('/hints', [], {}))).status, 502)
  await Promise.all(closed)
  t.equal(closed.length, 1, 'its connection is closed')
})
