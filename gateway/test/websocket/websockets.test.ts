import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import t from 'tap'
import { ask, bearer, refusal, sockets } from './fixtures/sockets.ts'

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
  // Like browsers, `ws` fails a connection if it has offered subprotocols and the response names
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
    // The response of a service that keeps its connections open.
    service.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
    t.equal(answer.statusCode, 200)
    if (isReset) service.resetAndDestroy()
    else await once(service.resume(), 'end')
    service.destroy()
    t.equal((await gateway.call('/open/a')).status, 200, 'the gateway continues')
  }
})

t.test('a large response to an upgrade request arrives whole', async (t) => {
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
