import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { closed } from '@gatehouse/fixtures/closed'
import t from 'tap'
import { edgeOverTls } from '../attacks/fixtures/raw-http-two.ts'
import { edge } from '../fixtures/edge.ts'
import { binaryHeader, overIPv4, TCP4 } from '../fixtures/proxy-headers.ts'
import { sendBytes, statusesIn } from '../fixtures/raw-client.ts'
import { overHttpTwo } from './fixtures/over-http-two.ts'
import { after, BINARY, GET, REQUIRED, TEXT, told } from './fixtures/proxied.ts'

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

t.test('an incomplete PROXY header does not delay the shutdown of the gateway', async (t) => {
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
