import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { closed } from '@gatehouse/fixtures/closed'
import { buildService } from '@gatehouse/http-service/build-service'
import { serviceLog } from '@gatehouse/http-service/service-log'
import { listen } from '@gatehouse/process/listen'
import t, { type Test } from 'tap'
import { limitConnections } from '../../../src/limits/connection-limits.ts'
import { acceptProxyProtocol } from '../../../src/proxies/proxy-protocol.ts'
import { type Edge, edge } from '../../fixtures/edge.ts'

/**
 * A connection from one of this machine's addresses. Returns the response to a request, or an empty
 * text if the connection is closed.
 */
async function connected(t: Test, { port }: Pick<Edge, 'port'>, localAddress: string) {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  return { socket, ask: () => answerTo(socket) }
}

async function answerTo(socket: Socket): Promise<string> {
  socket.write('HEAD /open HTTP/1.1\r\nHost: gateway.example\r\n\r\n')
  const bytes = new Promise<string>((resolve) => {
    socket.once('data', (data) => resolve(String(data).slice(0, 12)))
    socket.once('close', () => resolve(''))
    if (socket.destroyed) resolve('')
  })
  return bytes
}

t.test('connections per address are capped, and other addresses are not affected', async (t) => {
  const gateway = await edge(t, { connectionsPerAddress: 3 })
  const held = []
  for (let index = 0; index < 3; index += 1) held.push(await connected(t, gateway, '127.0.0.2'))
  for (const { ask } of held) t.equal(await ask(), 'HTTP/1.1 200')
  for (let index = 0; index < 50; index += 1) {
    t.equal(await (await connected(t, gateway, '127.0.0.2')).ask(), '', 'closed at once')
  }
  t.equal(await (await connected(t, gateway, '127.0.0.3')).ask(), 'HTTP/1.1 200')
  t.equal(await held[0]?.ask(), 'HTTP/1.1 200', 'open connections continue to work')
  held[0]?.socket.destroy()
  let answer = ''
  while (answer === '') answer = await (await connected(t, gateway, '127.0.0.2')).ask()
  t.equal(answer, 'HTTP/1.1 200', 'there is room again')
})

t.test('the total number of connections is capped', async (t) => {
  const gateway = await edge(t, { connections: 2 })
  const first = await connected(t, gateway, '127.0.0.2')
  const second = await connected(t, gateway, '127.0.0.3')
  t.equal(await first.ask(), 'HTTP/1.1 200')
  t.equal(await second.ask(), 'HTTP/1.1 200')
  t.equal(await (await connected(t, gateway, '127.0.0.4')).ask(), '')
  second.socket.destroy()
  let answer = ''
  while (answer === '') answer = await (await connected(t, gateway, '127.0.0.4')).ask()
  t.equal(answer, 'HTTP/1.1 200')
})

t.test('the limit per address does not apply to a trusted proxy', async (t) => {
  const trustedProxies = ['127.0.0.8/30', '::1']
  const gateway = await edge(t, { connectionsPerAddress: 1, trustedProxies })
  const proxied = await Promise.all([1, 2, 3].map(() => connected(t, gateway, '127.0.0.9')))
  for (const { ask } of proxied) t.equal(await ask(), 'HTTP/1.1 200')
  const one = await connected(t, gateway, '127.0.0.2')
  t.equal(await one.ask(), 'HTTP/1.1 200')
  t.equal(await (await connected(t, gateway, '127.0.0.2')).ask(), '')
})

const HEADER = 'PROXY TCP4 192.0.2.7 10.0.0.9 51200 443\r\n'

/** A service behind a proxy that sends the PROXY protocol header. */
async function proxiedService(t: Test, times: { idleMs: number; headerMs: number }) {
  const log = serviceLog('gateway', 'silent')
  const service = buildService({ log })
  const options = {
    ...times,
    proxyProtocol: 'required',
    isTrustedProxy: (address: string) => address.startsWith('127.'),
    connections: 8,
    connectionsPerAddress: 8,
    log,
    monotonicClock: () => performance.now()
  } as const
  limitConnections(service, { ...options, proxiedOf: acceptProxyProtocol(service, options) })
  service.get('/open', async () => '')
  t.teardown(() => service.close())
  return { port: Number(new URL(await listen(service, { host: '127.0.0.1', port: 0 })).port) }
}

t.test(
  'a connection may be silent before its PROXY header, which must then come at once',
  async (t) => {
    const service = await proxiedService(t, { idleMs: 60_000, headerMs: 1 })
    const silent = await connected(t, service, '127.0.0.2')
    const slow = await connected(t, service, '127.0.0.3')
    slow.socket.write(HEADER.slice(0, 10))
    await closed(slow.socket.resume())
    silent.socket.write(HEADER)
    t.equal(await silent.ask(), 'HTTP/1.1 200', 'it is older than the one that was too slow')
    const brief = await proxiedService(t, { idleMs: 1, headerMs: 60_000 })
    const { socket } = await connected(t, brief, '127.0.0.2')
    await closed(socket.resume())
    t.ok(socket.destroyed, 'a silent connection does not stay forever')
  }
)

t.test('silent connections of a proxy do not take the places of others', async (t) => {
  const service = await proxiedService(t, { idleMs: 60_000, headerMs: 60_000 })
  let last = await connected(t, service, '127.0.0.2')
  for (let index = 0; index < 20; index += 1) {
    last = await connected(t, service, '127.0.0.2')
    const one = await connected(t, service, '127.0.0.3')
    one.socket.write(HEADER)
    t.equal(await one.ask(), 'HTTP/1.1 200')
    one.socket.destroy()
  }
  last.socket.write(HEADER)
  t.equal(await last.ask(), 'HTTP/1.1 200', 'those that have waited longest have given way')
})
