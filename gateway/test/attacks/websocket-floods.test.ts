import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { duplexPair } from 'node:stream'
import { eventually } from '@gatehouse/fixtures/client'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { relay } from '../../src/websocket/relay.ts'
import { handshake, sockets } from '../websocket/fixtures/sockets.ts'

/** A masked frame with this first byte and payload (RFC 6455 §5.2). */
const frame = (first: number, payload = Buffer.alloc(0)): Buffer =>
  Buffer.concat([Buffer.of(first, 0x80 | payload.length, 0, 0, 0, 0), payload])

const TEXT_UNFINISHED = 0x01
const EMPTY_MESSAGE = 0x82
const PONG = 0x8a

/** A WebSocket whose two ends are in this process, and between which no kernel holds any bytes. */
async function ends(t: Test): Promise<{ near: WebSocket; far: WebSocket }> {
  const [left, right] = duplexPair()
  const http = createServer()
  const accepted = once(new WebSocketServer({ server: http }), 'connection')
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
  return { near, far }
}

t.test('empty messages do not fill the memory of a gateway', async (t) => {
  const [toClient, toService] = [await ends(t), await ends(t)]
  const noFault = (_place: string, error: Error) => t.fail(error.message)
  relay(toClient.near, toService.near, { idleMs: 60_000, noteFault: noFault, onEnd: () => {} })
  toClient.far.pause()
  // With two bytes each they are no more than 40 kB, and would take five megabytes.
  const messages = 20_000
  for (let sent = 0; sent < messages; sent += 1) {
    toService.far.send('')
    if (sent % 1000 === 0) await new Promise(setImmediate)
  }
  t.ok(await eventually(async () => toService.near.isPaused, Boolean), 'the service is held up')
  let received = 0
  const all = new Promise<void>((resolve) => {
    toClient.far.on('message', () => {
      received += 1
      if (received === messages) resolve()
    })
  })
  toClient.far.resume()
  await all
  t.equal(received, messages, 'and all of them arrive when the client reads again')
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
