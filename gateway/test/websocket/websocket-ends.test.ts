import { once } from 'node:events'
import { connect } from 'node:net'
import { TOKEN_SKEW_SECONDS } from '@gatehouse/access-token/clock-skew'
import { within } from '@gatehouse/fixtures/own-time'
import t from 'tap'
import { ask, bearer, ending, handshake, sockets } from './fixtures/sockets.ts'

/** a fifth of the time for which `ws` waits for the close of the other end */
const AT_ONCE_MS = 6000

t.test('each side gets the close code of the other', async (t) => {
  const { open, taken } = await sockets(t)
  const first = open()
  await once(first, 'open')
  const seen = ending(taken[0]?.socket as never)
  first.close(4001, 'done')
  t.strictSame(await seen, [4001, 'done'])

  const second = open()
  await once(second, 'open')
  taken[1]?.socket.close(1000, 'bye')
  t.strictSame(await ending(second), [1000, 'bye'])

  const third = open()
  await once(third, 'open')
  taken[2]?.socket.close()
  t.strictSame(await ending(third), [1005, ''], 'without a code')
})

t.test('a side that vanishes ends the other', async (t) => {
  const { open, taken } = await sockets(t)
  const first = open()
  await once(first, 'open')
  const seen = ending(taken[0]?.socket as never)
  first.terminate()
  t.strictSame(await seen, [1006, ''])

  const second = open()
  await once(second, 'open')
  taken[1]?.socket.terminate()
  t.strictSame(await ending(second), [1014, ''], 'bad gateway')
})

/** of a message, in frames of a client or of a service */
const invalidFrames: Record<string, [frame: number[], code: number]> = {
  'an opcode that there is not': [[0x83, 0], 1002],
  'a reserved bit': [[0xf1, 0], 1002],
  'a text that is not UTF-8': [[0x81, 1, 0xff], 1007]
}

for (const [title, [frame, code]] of Object.entries(invalidFrames)) {
  t.test(`a service that sends ${title} ends its client's WebSocket at once`, async (t) => {
    const { open, taken } = await sockets(t)
    const client = open()
    await once(client, 'open')
    const [one] = taken
    // The service never completes its own close, for which `ws` would wait 30 s.
    one?.socket.pause()
    one?.request.socket.write(Buffer.from(frame))
    const ended = await within(t, AT_ONCE_MS, 'the client learns', () => ending(client))
    t.strictSame(ended, [1014, ''])
  })

  t.test(`a client that sends ${title} ends its service's WebSocket at once`, async (t) => {
    const { gateway, taken } = await sockets(t)
    const client = connect({ port: gateway.port, host: '127.0.0.1' })
    t.teardown(() => client.destroy())
    client.write(handshake('/live', `Bearer ${gateway.token()}`))
    await once(client, 'data')
    const [one] = taken
    const service = ending(one?.socket as never)
    // Masked with zeros (RFC 6455 §5.3). This client never completes its own close either.
    const [first = 0, length = 0, ...payload] = frame
    client.pause().write(Buffer.of(first, 0x80 | length, 0, 0, 0, 0, ...payload))
    t.strictSame(await within(t, AT_ONCE_MS, 'the service learns', () => service), [code, ''])
  })
}

t.test('a WebSocket ends when its token expires, as far as clocks may differ', async (t) => {
  const { open, gateway } = await sockets(t)
  const exp = Math.floor(gateway.clock() / 1000) + 1 - TOKEN_SKEW_SECONDS
  const socket = open('/live', [], bearer(gateway, { exp }))
  await once(socket, 'open')
  t.equal(await ask(socket, 'still good'), 'still good')
  gateway.clock.advance(1000)
  t.strictSame(await ending(socket), [3000, 'TOKEN_EXPIRED'])
})

t.test('a WebSocket ends when its token is revoked, and others continue', async (t) => {
  const { open, taken, gateway } = await sockets(t)
  const mine = open()
  const other = open('/live', [], bearer(gateway, { sid: 'session-2' }))
  await Promise.all([once(mine, 'open'), once(other, 'open')])
  const index = taken.findIndex(({ request }) => request.headers['x-auth-session'] === 'session-1')
  const service = ending(taken[index]?.socket as never)
  const until = Math.floor(gateway.clock() / 1000) + 300
  gateway.log.revoke({ kind: 'session', id: 'session-1', until })
  t.strictSame(await ending(mine), [3000, 'SESSION_ENDED'])
  t.strictSame(await service, [1001, ''])
  t.equal(await ask(other, 'still here'), 'still here')
})

t.test('a message over the limit of the route ends the WebSocket', async (t) => {
  const { open } = await sockets(t)
  const socket = open()
  await once(socket, 'open')
  t.equal((await ask(socket, 'x'.repeat(100_000))).length, 100_000)
  socket.send('x'.repeat(100_001))
  t.equal((await ending(socket))[0], 1009)
})

t.test('a draining gateway closes WebSockets with 1001', async (t) => {
  const { open, gateway } = await sockets(t)
  const socket = open()
  await once(socket, 'open')
  const closing = gateway.close()
  t.strictSame(await ending(socket), [1001, ''])
  await closing
})
