import { once } from 'node:events'
import { connect as connectHttpTwo } from 'node:http2'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { closed } from '@gatehouse/fixtures/closed'
import { haproxy, haproxyMissing } from '@gatehouse/fixtures/haproxy'
import t, { type Test } from 'tap'
import { edgeOverTls } from '../attacks/fixtures/raw-http-two.ts'
import { capturedLog } from '../fixtures/captured-log.ts'
import { type Edge, edge } from '../fixtures/edge.ts'
import { binaryHeader, overIPv4, overTls, TCP4 } from '../fixtures/proxy-headers.ts'
import { sendBytes, statusesIn } from '../fixtures/raw-client.ts'

const TRUSTED = { trustedProxies: ['127.0.0.1'] }
const REQUIRED = { ...TRUSTED, proxyProtocol: 'required' } as const
const TEXT = Buffer.from('PROXY TCP4 192.0.2.7 10.0.0.9 51200 443\r\n')
const BINARY = binaryHeader(0x21, TCP4, overIPv4('192.0.2.7'))
const GET = 'GET /open/x HTTP/1.1\r\nHost: gateway.example\r\nConnection: close\r\n'
const after = (header: Buffer, headers = '') =>
  Buffer.concat([header, Buffer.from(`${GET}${headers}\r\n`)])

/** What the service was told of the last request. */
function told({ upstream }: Edge) {
  const headers = upstream.received.at(-1)?.headers ?? {}
  return [headers['x-forwarded-for'], headers['x-forwarded-proto']]
}

t.test('the client of a connection is the one that the header of its proxy names', async (t) => {
  const gateway = await edge(t, REQUIRED)
  for (const [header, protocol] of [
    [TEXT, 'http'],
    [BINARY, 'http'],
    [binaryHeader(0x21, TCP4, overIPv4('192.0.2.7'), overTls), 'https']
  ] as const) {
    t.strictSame(statusesIn(await sendBytes(gateway.port, after(header))), [200])
    t.strictSame(told(gateway), ['192.0.2.7, 127.0.0.1', protocol])
  }
  // What the client itself writes does not count: its proxy forwards bytes.
  const claims = 'X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\n'
  await sendBytes(gateway.port, after(TEXT, claims))
  t.strictSame(told(gateway), ['192.0.2.7, 127.0.0.1', 'http'])
  await sendBytes(gateway.port, after(binaryHeader(0x20, 0)))
  t.strictSame(told(gateway), ['127.0.0.1', 'http'], 'a connection of the proxy itself')
  // A header that names nobody: the client may be anyone, so its headers do not count either.
  for (const header of [
    Buffer.from('PROXY UNKNOWN\r\n'),
    binaryHeader(0x21, 0),
    binaryHeader(0x20, 0)
  ]) {
    await sendBytes(gateway.port, after(header, claims))
    t.strictSame(told(gateway), ['127.0.0.1', 'http'])
  }
})

t.test('behind the proxy that the header names, its own headers count', async (t) => {
  const gateway = await edge(t, { ...REQUIRED, trustedProxies: ['127.0.0.1', '192.0.2.7'] })
  const claims = 'X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\n'
  await sendBytes(gateway.port, after(BINARY, claims))
  t.strictSame(told(gateway), ['198.51.100.1, 192.0.2.7, 127.0.0.1', 'https'])
})

t.test('a PROXY header counts even if it arrives byte by byte', async (t) => {
  const gateway = await edge(t, REQUIRED)
  const socket = connect({ port: gateway.port, host: '127.0.0.1', noDelay: true })
  t.teardown(() => socket.destroy())
  for (const byte of BINARY) {
    socket.write(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  socket.write(`${GET}\r\n`)
  t.match(String(await once(socket, 'data')), /^HTTP\/1\.1 200/)
  t.strictSame(told(gateway), ['192.0.2.7, 127.0.0.1', 'http'])
})

t.test('a connection without a whole header, or with a malformed one, is closed', async (t) => {
  const log = capturedLog(t)
  const gateway = await edge(t, { ...REQUIRED, serviceLog: log.log })
  for (const bytes of [
    after(Buffer.alloc(0)),
    after(Buffer.from('PROXY TCP4 192.0.2.7 10.0.0.9 51200 65536\r\n')),
    after(binaryHeader(0x21, TCP4, Buffer.alloc(11))),
    after(Buffer.from(`PROXY UNKNOWN ${'x'.repeat(200)}\r\n`))
  ]) {
    t.equal(await sendBytes(gateway.port, bytes), '')
    gateway.clock.advance(60_000)
  }
  const half = connect({ port: gateway.port, host: '127.0.0.1' }).end(BINARY.subarray(0, 20))
  await closed(half.resume())
  gateway.clock.advance(60_000)
  await closed(connect({ port: gateway.port, host: '127.0.0.1' }).end().resume())
  t.equal(gateway.upstream.received.length, 0)
  const beginning = 'GATEWAY_PROXY_PROTOCOL: a trusted proxy sent '
  const reasons = log.lines().flatMap(({ msg }) => {
    return String(msg).startsWith(beginning) ? [String(msg).replace(beginning, '')] : []
  })
  t.strictSame(reasons, [
    'no PROXY protocol header',
    'a malformed PROXY protocol header',
    'a malformed PROXY protocol header',
    'a malformed PROXY protocol header',
    'only a part of a PROXY protocol header'
  ])
})

t.test('a header from any other peer is refused', async (t) => {
  const gateway = await edge(t, { ...REQUIRED, trustedProxies: ['192.0.2.1'] })
  for (const header of [TEXT, BINARY]) {
    t.strictSame(statusesIn(await sendBytes(gateway.port, after(header))), [400])
  }
  t.equal(gateway.upstream.received.length, 0)
  t.strictSame(statusesIn(await sendBytes(gateway.port, `${GET}\r\n`)), [200], 'a direct client')
})

t.test('a proxy may leave out a header that is optional', async (t) => {
  const gateway = await edge(t, { ...TRUSTED, proxyProtocol: 'optional' })
  const claims = 'X-Forwarded-For: 198.51.100.1\r\n\r\n'
  t.strictSame(statusesIn(await sendBytes(gateway.port, `${GET}${claims}`)), [200])
  t.strictSame(told(gateway), ['198.51.100.1, 127.0.0.1', 'http'])
  await sendBytes(gateway.port, after(BINARY))
  t.strictSame(told(gateway), ['192.0.2.7, 127.0.0.1', 'http'])
  t.equal(await sendBytes(gateway.port, after(Buffer.from('PROXY TCP4 \r\n'))), '')
})

t.test('connections count for the client that their header names', async (t) => {
  const gateway = await edge(t, { ...REQUIRED, connectionsPerAddress: 2 })
  const opened: Socket[] = []
  t.teardown(() => {
    for (const socket of opened) socket.destroy()
  })
  const open = async (header: Buffer) => {
    const socket = connect({ port: gateway.port, host: '127.0.0.1' })
    opened.push(socket)
    socket.write(Buffer.concat([header, Buffer.from('GET /open/x HTTP/1.1\r\nHost: a\r\n\r\n')]))
    const over = closed(socket).then(() => 'closed')
    return Promise.race([once(socket, 'data').then(() => 'served'), over])
  }
  t.equal(await open(BINARY), 'served')
  t.equal(await open(TEXT), 'served')
  t.equal(await open(BINARY), 'closed')
  t.equal(await open(binaryHeader(0x21, TCP4, overIPv4('192.0.2.8'))), 'served')
})

t.test(
  'connections from one port of a proxy to two addresses keep their own headers',
  async (t) => {
    const gateway = await edge(t, REQUIRED)
    // The second address of the gateway.
    const second = createServer((socket) => gateway.server.emit('connection', socket))
    t.teardown(() => second.close())
    await once(second.listen(0, '127.0.0.2'), 'listening')
    const ask = async (socket: Socket, header = '') => {
      socket.write(`${header}GET /open/x HTTP/1.1\r\nHost: gateway.example\r\n\r\n`)
      await once(socket, 'data')
      return told(gateway)[0]
    }
    const from = { localAddress: '127.0.0.1' }
    const one = connect({ port: gateway.port, host: '127.0.0.1', ...from })
    t.teardown(() => one.destroy())
    t.equal(await ask(one, String(TEXT)), '192.0.2.7, 127.0.0.1')
    const { port } = second.address() as AddressInfo
    const two = connect({ port, host: '127.0.0.2', ...from, localPort: Number(one.localPort) })
    t.teardown(() => two.destroy())
    t.equal(await ask(two, 'PROXY TCP4 192.0.2.8 10.0.0.9 51200 443\r\n'), '192.0.2.8, 127.0.0.1')
    t.equal(await ask(one), '192.0.2.7, 127.0.0.1')
  }
)

t.test('a proxy that says nothing does not hold the end of the gateway', async (t) => {
  const gateway = await edge(t, { ...REQUIRED, closeMs: 60_000 })
  const socket = connect({ port: gateway.port, host: '127.0.0.1' })
  socket.write(BINARY.subarray(0, 10))
  await once(socket, 'connect')
  t.strictSame(statusesIn(await sendBytes(gateway.port, after(TEXT))), [200], 'it was accepted')
  await Promise.all([gateway.close(), closed(socket)])
  t.ok(socket.destroyed)
})

t.test('a request whose connection was reset is not forwarded under another address', async (t) => {
  const gateway = await edgeOverTls(t)
  for (let left = 60; left > 0; left -= 1) {
    const socket = connect({ port: gateway.port, host: '127.0.0.1' })
    const secured = connectTls({ socket, rejectUnauthorized: false })
    // The other side of a reset.
    secured.on('error', () => {})
    await once(secured, 'secureConnect')
    secured.write(`${GET}\r\n`)
    await new Promise((resolve) => setImmediate(resolve))
    socket.resetAndDestroy()
    await closed(secured)
  }
  t.equal(await overHttpTwo(t, gateway.port, Buffer.alloc(0)), 200, 'all others came before')
  const addresses = gateway.upstream.received.map(({ headers }) => headers['x-forwarded-for'])
  t.strictSame([...new Set(addresses)], ['127.0.0.1'])
})

/** The status of a request over HTTP/2, on a connection that begins with these bytes. */
async function overHttpTwo(t: Test, port: number, header: Buffer, localAddress = '127.0.0.1') {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  socket.write(header)
  const secure = { rejectUnauthorized: false, ALPNProtocols: ['h2'] }
  const session = connectHttpTwo('https://gateway.example', {
    createConnection: () => connectTls({ socket, ...secure })
  })
  t.teardown(() => session.destroy())
  const request = session.request({ ':path': '/open/x' }).resume()
  const [headers] = await once(request, 'response')
  return headers[':status']
}

t.test('the header comes before TLS, for HTTP/2 as well', async (t) => {
  const gateway = await edgeOverTls(t, REQUIRED)
  for (const header of [TEXT, BINARY]) {
    t.equal(await overHttpTwo(t, gateway.port, header), 200)
    t.strictSame(told(gateway), ['192.0.2.7, 127.0.0.1', 'https'])
  }
  t.strictSame(await sendBytes(gateway.port, Buffer.from('\x16\x03\x01', 'latin1')), '')
})

t.test('HAProxy sends both versions of the header', { skip: haproxyMissing }, async (t) => {
  const gateway = await edgeOverTls(t, REQUIRED)
  const ports = await haproxy(
    t,
    ['send-proxy', 'send-proxy-v2'].map((option) => `127.0.0.1:${gateway.port} ${option}`)
  )
  for (const port of ports) {
    t.equal(await overHttpTwo(t, port, Buffer.alloc(0), '127.0.0.2'), 200)
    t.strictSame(told(gateway), ['127.0.0.2, 127.0.0.1', 'https'])
  }
})
