import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { duplexPair } from 'node:stream'
import { eventually } from '@gatehouse/fixtures/client'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import type { Side } from '../../src/websocket/arriving-bytes.ts'
import { type MessageMemory, messageMemory } from '../../src/websocket/message-memory.ts'
import { relay } from '../../src/websocket/relay.ts'
import { ask, bearer, handshake, sockets } from '../websocket/fixtures/sockets.ts'

/** A masked frame with this first byte and payload (RFC 6455 §5.2). */
const frame = (first: number, payload = Buffer.alloc(0)): Buffer =>
  Buffer.concat([Buffer.of(first, 0x80 | payload.length, 0, 0, 0, 0), payload])

const TEXT_UNFINISHED = 0x01
const EMPTY_MESSAGE = 0x82
const PONG = 0x8a

/** A WebSocket whose two ends are in this process, and between which no kernel holds any bytes. */
async function ends(t: Test): Promise<{ near: Side; far: WebSocket }> {
  const [left, right] = duplexPair()
  const http = createServer()
  // One end of the pair does not learn that the other one is destroyed.
  const options = { server: http, closeTimeout: 100 }
  const accepted = once(new WebSocketServer(options), 'connection')
  http.emit('connection', right)
  const near = new WebSocket('ws://service', {
    createConnection: () => left as ReturnType<typeof connect>,
    allowSynchronousEvents: false
  })
  const [far] = (await accepted) as [WebSocket]
  if (near.readyState !== WebSocket.OPEN) await once(near, 'open')
  t.teardown(() => {
    near.terminate()
    far.terminate()
  })
  return { near: { webSocket: near, connection: left }, far }
}

/** Resolves when so many messages have arrived. */
const arriving = (socket: WebSocket, messages: number): Promise<number> =>
  new Promise((resolve) => {
    let received = 0
    socket.on('message', () => {
      received += 1
      if (received === messages) resolve(received)
    })
  })

const relaying = (t: Test, memory: MessageMemory, caller: string | null = 'ada') => ({
  idleMs: 60_000,
  noteFault: (_place: string, error: Error) => t.fail(error.message),
  account: () => memory.account(caller),
  onEnd: () => {}
})

t.test('empty messages do not fill the memory of a gateway', async (t) => {
  const [toClient, toService] = [await ends(t), await ends(t)]
  relay(toClient.near, toService.near, relaying(t, messageMemory(100)))
  toClient.far.pause()
  // With two bytes each they are no more than 40 kB, and would take five megabytes.
  const messages = 20_000
  for (let sent = 0; sent < messages; sent += 1) {
    toService.far.send('')
    if (sent % 1000 === 0) await new Promise(setImmediate)
  }
  t.ok(
    await eventually(async () => toService.near.webSocket.isPaused, Boolean),
    'the service is held up'
  )
  const all = arriving(toClient.far, messages)
  toClient.far.resume()
  t.equal(await all, messages, 'and all of them arrive when the client reads again')
})

const KIB = 1024

/** Sends so much of a message, and not its end. */
const begin = (socket: WebSocket, bytes: number) => socket.send(Buffer.alloc(bytes), { fin: false })

t.test('messages that are not complete take no more memory than a caller may', async (t) => {
  const memory = messageMemory(25, 1024 * KIB)
  const opened = async (caller: string) => {
    const [client, service] = [await ends(t), await ends(t)]
    // `near` is the gateway's end; `far` is a client here, so its frames come without a mask.
    relay(client.near, service.near, relaying(t, memory, caller))
    const received: number[] = []
    service.far.on('message', (data: Buffer) => received.push(data.length))
    return { client: client.far, service: service.far, received }
  }
  const [first, second, other] = [await opened('ada'), await opened('ada'), await opened('bob')]
  begin(first.client, 200 * KIB)
  // A share of 256 KiB, and 16 KiB of each message are free.
  begin(second.client, 100 * KIB)
  t.equal((await once(second.client, 'close'))[0], 1013, 'try again later')
  begin(other.client, 200 * KIB)
  other.client.send(Buffer.alloc(10))
  await once(other.service, 'message')
  t.strictSame(other.received, [200 * KIB + 10], 'another caller is not affected')
  first.client.send(Buffer.alloc(1))
  await once(first.service, 'message')
  for (const bytes of [200, 120, 200].map((size) => size * KIB)) {
    first.client.send(Buffer.alloc(bytes))
    await once(first.service, 'message')
  }
  t.equal(first.received.length, 4, 'and one that is complete takes none')
})

t.test('control frames between the fragments of a message do not hide it', async (t) => {
  const memory = messageMemory(100, 256 * KIB)
  const [client, service] = [await ends(t), await ends(t)]
  relay(client.near, service.near, relaying(t, memory))
  const ended = once(client.far, 'close')
  for (let fragment = 0; fragment < 30; fragment += 1) {
    begin(client.far, 10 * KIB)
    client.far.ping()
    await new Promise(setImmediate)
  }
  t.equal((await ended)[0], 1013)
})

t.test('each fragment counts, however short it is', async (t) => {
  const memory = messageMemory(100, 256 * KIB)
  const [client, service] = [await ends(t), await ends(t)]
  relay(client.near, service.near, relaying(t, memory))
  const ended = once(client.far, 'close')
  // They have 2 kB, and take half a megabyte.
  for (let fragment = 0; fragment < 2000; fragment += 1) begin(client.far, 1)
  t.equal((await ended)[0], 1013)
})

t.test('a service that sends more than its client may hold is paused, not ended', async (t) => {
  const [toClient, toService] = [await ends(t), await ends(t)]
  relay(toClient.near, toService.near, relaying(t, messageMemory(100, 256 * KIB)))
  toClient.far.pause()
  const messages = 100
  for (let sent = 0; sent < messages; sent += 1) toService.far.send(Buffer.alloc(10 * KIB))
  t.ok(await eventually(async () => toService.near.webSocket.isPaused, Boolean), 'it is held up')
  t.ok(toClient.near.webSocket.bufferedAmount < 512 * KIB, 'long before a mebibyte')
  const all = arriving(toClient.far, messages)
  toClient.far.resume()
  t.equal(await all, messages, 'and everything arrives when the client reads again')
})

t.test('unfinished messages of one caller do not fill the memory of a gateway', async (t) => {
  const { gateway, open } = await sockets(t, {
    upstreamSharePercent: 25,
    routes: '  - { name: live, prefix: /live, upstream: service, websocket: true }\n'
  })
  const opened = await Promise.all(
    Array.from({ length: 40 }, async () => {
      const socket = open()
      await once(socket, 'open')
      return socket
    })
  )
  const codes: number[] = []
  for (const socket of opened) {
    socket.on('close', (code) => codes.push(code))
    begin(socket, 1000 * KIB)
  }
  // A quarter of 128 MiB.
  const ended = await eventually(
    async () => codes.length,
    (count) => count >= 7,
    // The gateway reads nothing more, and lets the clients read why.
    10_000
  )
  t.strictSame(new Set(codes), new Set([1013]))
  t.ok(ended >= 7 && ended < 20, `${ended} of 40 were closed`)
  const other = open('/live', [], bearer(gateway, { sub: 'another-user' }))
  await once(other, 'open')
  t.equal((await ask(other, 'x'.repeat(90_000))).length, 90_000, 'others are served')
})

t.test('a packet of many messages does not delay other clients', async (t) => {
  const { gateway, taken } = await sockets(t)
  const client = connect({ port: gateway.port, host: '127.0.0.1' })
  t.teardown(() => client.destroy())
  client.write(handshake('/live', `Bearer ${gateway.token()}`))
  await once(client, 'data')
  client.resume()
  const service = taken[0]?.socket
  let [received, turns] = [0, 0]
  service?.on('message', () => {
    received += 1
  })
  const messages = 2000
  client.write(Buffer.concat(Array.from({ length: messages }, () => frame(EMPTY_MESSAGE))))
  while (received < messages) {
    await new Promise(setImmediate)
    turns += 1
  }
  t.ok(turns >= messages, `${turns} turns of the event loop for ${messages} messages`)
})

t.test('a flood of control frames ends its WebSocket, on both sides', async (t) => {
  const { gateway, taken } = await sockets(t)
  const client = connect({ port: gateway.port, host: '127.0.0.1' })
  t.teardown(() => client.destroy())
  let answer = Buffer.alloc(0)
  client.on('data', (chunk) => {
    answer = Buffer.concat([answer, chunk])
  })
  client.write(handshake('/live', `Bearer ${gateway.token()}`))
  await once(client, 'data')
  const service = taken[0]?.socket
  if (service === undefined) throw new Error('the service has not taken it')
  const ended = once(service, 'close')
  // A fragment of one byte keeps the packet in memory that it came in.
  client.write(frame(TEXT_UNFINISHED, Buffer.of(65)))
  client.write(Buffer.concat(Array.from({ length: 1000 }, () => frame(PONG))))
  t.equal((await ended)[0], 1008)
  const codeOf = (frame: Buffer) => frame.subarray(-2).readUInt16BE()
  t.equal(
    await eventually(
      async () => codeOf(answer),
      (code) => code === 1008
    ),
    1008
  )
})
