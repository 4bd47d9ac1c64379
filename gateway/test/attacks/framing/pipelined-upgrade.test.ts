import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { bearer, handshake, sockets } from '../../websocket/fixtures/sockets.ts'

const request = (path: string, ...lines: string[]) =>
  `${[`GET ${path} HTTP/1.1`, 'Host: a', ...lines].join('\r\n')}\r\n\r\n`

type Exchange = { statuses: number[]; text: string }

/**
 * Writes everything at once on one connection. Returns what has arrived when this number of
 * responses is complete, or when the connection has ended.
 */
async function pipelined(port: number, bytes: string, answers: number): Promise<Exchange> {
  const socket = connect({ port, host: '127.0.0.1' }).setEncoding('latin1')
  socket.on('error', () => {})
  let text = ''
  const statuses = () => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, one]) => Number(one))
  const enough = new Promise<void>((resolve) => {
    socket.on('data', (piece) => {
      text += piece
      if (statuses().length >= answers) resolve()
    })
    socket.once('close', () => resolve())
  })
  socket.write(bytes)
  await enough
  socket.destroy()
  return { statuses: statuses(), text }
}

t.test('a pipelined upgrade waits for the response before it', async (t) => {
  const { gateway, taken } = await sockets(t)
  gateway.upstream.answer = (_request, response) => setImmediate(() => response.end('first'))
  const { authorization } = bearer(gateway)
  for (const ahead of [1, 2, 5]) {
    const bytes = request('/open/x').repeat(ahead) + handshake('/live', authorization)
    const { statuses } = await pipelined(gateway.port, bytes, ahead + 1)
    t.strictSame(statuses, [...Array(ahead).fill(200), 101], `${ahead} requests ahead`)
  }
  t.equal(taken.length, 3)
})

t.test('the refusal of a pipelined upgrade waits for the response before it', async (t) => {
  const { gateway } = await sockets(t)
  const bytes = request('/open/x') + handshake('/open/y')
  const { statuses } = await pipelined(gateway.port, bytes, 2)
  t.strictSame(statuses, [200, 400])
  t.equal((await gateway.call('/closed')).status, 200, 'the gateway continues')
})

t.test('a slowly read response is complete before the upgrade', async (t) => {
  const { gateway } = await sockets(t)
  const large = 'x'.repeat(8 * 1024 * 1024)
  gateway.upstream.answer = (_request, response) => response.end(large)
  const { authorization } = bearer(gateway)
  const bytes = request('/open/x') + handshake('/live', authorization)
  const { statuses, text } = await pipelined(gateway.port, bytes, 2)
  t.strictSame(statuses, [200, 101])
  t.ok(text.includes(large), 'every byte of it')
})

t.test('an upgrade ends if the response before it closes the connection', async (t) => {
  const { gateway, taken } = await sockets(t)
  const { authorization } = bearer(gateway)
  const bytes = request('/open/%zz') + handshake('/live', authorization)
  const { statuses } = await pipelined(gateway.port, bytes, 2)
  t.strictSame(statuses, [400])
  t.strictSame(taken, [], 'what follows a refused request is not read')
  t.equal((await gateway.call('/closed')).status, 200, 'the gateway continues')
})

t.test(
  'a client that closes its half of the connection after its request uses no capacity',
  async (t) => {
    const { gateway, server } = await sockets(t, { upstreamConnections: 2 })
    const { authorization } = bearer(gateway)
    for (let turn = 0; turn < 6; turn += 1) {
      const socket = connect({ port: gateway.port, host: '127.0.0.1' }).resume()
      socket.on('error', () => {})
      const reached = once(server, 'connection')
      socket.end(handshake('/live', authorization))
      const [service] = await reached
      if (service.readyState !== service.CLOSED) await once(service, 'close')
      socket.destroy()
    }
    const bytes = handshake('/live', authorization)
    t.strictSame((await pipelined(gateway.port, bytes, 1)).statuses, [101])
  }
)

t.test(
  'a request behind an upgrade that is not taken is not answered by another one',
  async (t) => {
    const { gateway } = await sockets(t)
    gateway.upstream.answer = (_request, response) => response.end('here')
    for (const product of ['h2c', 'TLS/1.0', 'foo']) {
      const offer = ['Connection: upgrade', `Upgrade: ${product}`]
      const bytes = request('/open/x', ...offer) + request('/open/y')
      const { statuses, text } = await pipelined(gateway.port, bytes, 2)
      t.strictSame(statuses, [200], product)
      t.match(text.toLowerCase(), 'connection: close', 'so its client sends the other one again')
    }
  }
)
