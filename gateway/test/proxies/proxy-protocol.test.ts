import { once } from 'node:events'
import { connect } from 'node:net'
import { closed } from '@gatehouse/fixtures/closed'
import { haproxy, haproxyMissing } from '@gatehouse/fixtures/haproxy'
import t from 'tap'
import { edgeOverTls } from '../attacks/fixtures/raw-http-two.ts'
import { capturedLog } from '../fixtures/captured-log.ts'
import { edge } from '../fixtures/edge.ts'
import { binaryHeader, overIPv4, overTls, TCP4 } from '../fixtures/proxy-headers.ts'
import { sendBytes, statusesIn } from '../fixtures/raw-client.ts'
import { overHttpTwo } from './fixtures/over-http-two.ts'
import { after, BINARY, GET, REQUIRED, TEXT, TRUSTED, told } from './fixtures/proxied.ts'

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
  // The headers of the client itself do not count, because its proxy forwards bytes.
  const claims = 'X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\n'
  await sendBytes(gateway.port, after(TEXT, claims))
  t.strictSame(told(gateway), ['192.0.2.7, 127.0.0.1', 'http'])
  await sendBytes(gateway.port, after(binaryHeader(0x20, 0)))
  t.strictSame(told(gateway), ['127.0.0.1', 'http'], 'a connection of the proxy itself')
  // A header without an address: the client may be anyone, so its HTTP headers do not count either.
  for (const header of [
    Buffer.from('PROXY UNKNOWN\r\n'),
    binaryHeader(0x21, 0),
    binaryHeader(0x20, 0)
  ]) {
    await sendBytes(gateway.port, after(header, claims))
    t.strictSame(told(gateway), ['127.0.0.1', 'http'])
  }
})

t.test(
  'if the PROXY header names a trusted proxy, the forwarding headers of that proxy are read',
  async (t) => {
    const gateway = await edge(t, { ...REQUIRED, trustedProxies: ['127.0.0.1', '192.0.2.7'] })
    const claims = 'X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\n'
    await sendBytes(gateway.port, after(BINARY, claims))
    t.strictSame(told(gateway), ['198.51.100.1, 192.0.2.7, 127.0.0.1', 'https'])
  }
)

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

t.test('a PROXY header from an untrusted peer is refused', async (t) => {
  const gateway = await edge(t, { ...REQUIRED, trustedProxies: ['192.0.2.1'] })
  for (const header of [TEXT, BINARY]) {
    t.strictSame(statusesIn(await sendBytes(gateway.port, after(header))), [400])
  }
  t.equal(gateway.upstream.received.length, 0)
  t.strictSame(statusesIn(await sendBytes(gateway.port, `${GET}\r\n`)), [200], 'a direct client')
})

t.test('a proxy may leave out the PROXY header if it is optional', async (t) => {
  const gateway = await edge(t, { ...TRUSTED, proxyProtocol: 'optional' })
  const claims = 'X-Forwarded-For: 198.51.100.1\r\n\r\n'
  t.strictSame(statusesIn(await sendBytes(gateway.port, `${GET}${claims}`)), [200])
  t.strictSame(told(gateway), ['198.51.100.1, 127.0.0.1', 'http'])
  await sendBytes(gateway.port, after(BINARY))
  t.strictSame(told(gateway), ['192.0.2.7, 127.0.0.1', 'http'])
  t.equal(await sendBytes(gateway.port, after(Buffer.from('PROXY TCP4 \r\n'))), '')
})

t.test('the PROXY header comes before TLS, even for HTTP/2', async (t) => {
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
