import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { within } from '@gatehouse/fixtures/own-time'
import t from 'tap'
import { ask, bearer, ending, handshake, refusal, sockets } from './fixtures/sockets.ts'

/** a fifth of the time for which `ws` waits for the close of the other end */
const AT_ONCE_MS = 6000

t.test('messages pass both ways, text as text and bytes as bytes', async (t) => {
  const { open, taken } = await sockets(t)
  const socket = open('/live/room?x=1')
  await once(socket, 'open')
  t.equal(await ask(socket, 'hällo'), 'hällo')
  socket.send(Buffer.from([0, 255]))
  const [data, binary] = await once(socket, 'message')
  t.strictSame([[...data], binary], [[0, 255], true])
  taken[0]?.socket.send('first')
  t.equal(String((await once(socket, 'message'))[0]), 'first', 'the service may begin')
  t.equal(taken[0]?.request.url, '/live/room?x=1')
})

t.test('the service gets the identity, and never the credential', async (t) => {
  const { open, taken, gateway } = await sockets(t)
  const headers = {
    ...bearer(gateway),
    'x-auth-subject': 'evil',
    x_auth_roles: 'admin',
    cookie: 'a=1; __Host-refresh=secret'
  }
  await once(open('/live', [], headers), 'open')
  const seen = taken[0]?.request.headers ?? {}
  t.match(seen, { 'x-auth-subject': 'user-1', 'x-auth-session': 'session-1', cookie: 'a=1' })
  t.match(seen['x-auth-assertion'], /^ey/)
  t.notMatch(JSON.stringify(seen), /evil|admin|secret/)
  t.notOk('authorization' in seen)
})

t.test('a page sends its token as a subprotocol, which the gateway does not forward', async (t) => {
  const { open, taken, gateway } = await sockets(t)
  const socket = open('/live', [`gatehouse.bearer.${gateway.token()}`, 'v2', 'v1'], {})
  await once(socket, 'open')
  t.equal(socket.protocol, 'v1', 'the one that the service has chosen')
  const seen = taken[0]?.request.headers ?? {}
  t.equal(seen['sec-websocket-protocol'], 'v2,v1')
  t.equal(seen['x-auth-subject'], 'user-1')
})

t.test('a browser that offers its token accepts the response of any service', async (t) => {
  const { open, taken, gateway } = await sockets(t)
  const token = `gatehouse.bearer.${gateway.token()}`
  // `ws` fails a connection as browsers do: where it has offered subprotocols, and the answer names
  // none of them.
  const offers: [offer: string[], answer: string, atService: string | undefined][] = [
    [[token], token, undefined],
    [['gatehouse', token], 'gatehouse', undefined],
    [[token, 'gatehouse'], 'gatehouse', undefined],
    [['gatehouse', 'v1', token], 'v1', 'v1'],
    [['v9', token], token, 'v9'],
    [['v9', 'gatehouse', token], 'gatehouse', 'v9']
  ]
  for (const [offer, answer, atService] of offers) {
    const socket = open('/live', offer, {})
    await once(socket, 'open')
    const title = offer.map((one) => one.slice(0, 12)).join()
    t.equal(socket.protocol, answer, title)
    const { headers = {} } = taken.at(-1)?.request ?? {}
    t.equal(headers['sec-websocket-protocol'], atService, `${title}: what the service sees`)
    t.equal(headers['x-auth-subject'], 'user-1', title)
    t.equal(await ask(socket, 'hello'), 'hello', title)
  }
  const nameless = open('/live-open', ['gatehouse'], {})
  await once(nameless, 'open')
  t.equal(nameless.protocol, 'gatehouse', 'without a token as well')
})

t.test('a client without a common subprotocol gets no WebSocket', async (t) => {
  const { open } = await sockets(t)
  t.equal((await refusal(open('/live', ['v9']))).status, 502)
  await once(open('/live', ['v9', 'v1']), 'open')
})

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
    // It never completes its own close, for which `ws` would wait 30 s.
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
    // Masked with zeros (RFC 6455 §5.3). It too never completes its own close.
    const [first = 0, length = 0, ...payload] = frame
    client.pause().write(Buffer.of(first, 0x80 | length, 0, 0, 0, 0, ...payload))
    t.strictSame(await within(t, AT_ONCE_MS, 'the service learns', () => service), [code, ''])
  })
}

t.test('a WebSocket ends when its token expires', async (t) => {
  const { open, gateway } = await sockets(t)
  const exp = Math.floor(gateway.clock() / 1000) + 1
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

t.test('the refusal of a service is passed on', async (t) => {
  const { open, gateway, server } = await sockets(t)
  server.options.verifyClient = (_info, answer) => answer(false, 418, 'no tea')
  const { status, body } = await refusal(open())
  t.strictSame([status, body], [418, 'no tea'])
  gateway.upstream.stop()
  const down = await refusal(open())
  t.equal(down.status, 502)
  t.match(JSON.parse(down.body), { code: 'UPSTREAM_UNAVAILABLE' })
})

t.test('a service has answerSeconds for its whole response to an upgrade', async (t) => {
  const routes = `
  - { name: live, prefix: /live, upstream: service, websocket: true, answerSeconds: 1 }
`
  const { gateway, open } = await sockets(t, { routes })
  gateway.upstream.server.removeAllListeners('upgrade')
  gateway.upstream.server.once('upgrade', (_request, socket: Duplex) => {
    socket.on('error', () => {}).write('HTTP/1.1 418 No Tea\r\nX-A: ')
    let left = 40
    const drip = setInterval(() => {
      left -= 1
      if (left > 0) socket.write('a')
      else socket.end('\r\n\r\n')
      if (left === 0 || socket.destroyed) clearInterval(drip)
    }, 100)
  })
  const { status, body } = await refusal(open())
  t.equal(status, 504)
  t.match(JSON.parse(body), { code: 'UPSTREAM_TIMEOUT' })
})

t.test('the connection of a refused upgrade closes, and its reset ends nothing else', async (t) => {
  const { gateway, open } = await sockets(t)
  const { server } = gateway.upstream
  server.removeAllListeners('upgrade')
  for (const isReset of [false, true]) {
    const taken = once(server, 'upgrade')
    const socket = open()
    const [, service] = (await taken) as [unknown, Socket]
    // As a service answers that keeps its connections.
    service.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
    t.equal(answer.statusCode, 200)
    if (isReset) service.resetAndDestroy()
    else await once(service.resume(), 'end')
    service.destroy()
    t.equal((await gateway.call('/open/a')).status, 200, 'the gateway goes on')
  }
})

t.test('a large answer to an upgrade request arrives whole', async (t) => {
  const { open, gateway } = await sockets(t)
  const large = 'x'.repeat(8 * 1024 * 1024)
  gateway.upstream.server.removeAllListeners('upgrade')
  gateway.upstream.server.once('upgrade', (_request, socket: Duplex) => {
    socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${large.length}\r\n\r\n${large}`)
  })
  const { status, body } = await refusal(open())
  t.equal(status, 200)
  t.equal(body.length, large.length)
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

t.test('a client that does not read slows its service down, and fills no memory', async (t) => {
  const { open, taken } = await sockets(t)
  const socket = open()
  await once(socket, 'open')
  const service = taken[0]?.socket
  if (service === undefined) throw new Error('it was not taken')
  socket.pause()
  const megabyte = Buffer.alloc(1024 * 1024)
  let sent = 0
  let unsent = 0
  const before = process.memoryUsage().arrayBuffers
  // As long as the other side takes what is sent; once it does not, the rest stays with the
  // service.
  while (sent < 200 && unsent < 20) {
    service.send(megabyte)
    sent += 1
    await new Promise((resolve) => setTimeout(resolve, 2))
    unsent = service.bufferedAmount > 0 ? unsent + 1 : 0
  }
  t.ok(sent < 100, `${sent} MiB until the service was held up`)
  t.ok(service.bufferedAmount > 0, 'they are the service’s to hold')
  t.ok(process.memoryUsage().arrayBuffers - before < 150 * 1024 * 1024)
  let received = 0
  socket.on('message', (data: Buffer) => {
    received += data.length
  })
  socket.resume()
  while (received < sent * megabyte.length) await once(socket, 'message')
  t.equal(received, sent * megabyte.length, 'and all of it arrives when it reads again')
})
