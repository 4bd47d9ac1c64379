import { once } from 'node:events'
import { connect } from 'node:net'
import { eventually } from '@gatehouse/fixtures/client'
import t from 'tap'
import { messageMemory } from '../../../src/websocket/message-memory.ts'
import { relay } from '../../../src/websocket/relay.ts'
import { handshake, sockets } from '../../websocket/fixtures/sockets.ts'
import { arriving, begin, ends, KIB, relaying } from '../fixtures/relayed-pair.ts'

/** A masked frame with this first byte and payload (RFC 6455 §5.2). */
const frame = (first: number, payload = Buffer.alloc(0)): Buffer =>
  Buffer.concat([Buffer.of(first, 0x80 | payload.length, 0, 0, 0, 0), payload])

const TEXT_UNFINISHED = 0x01
const EMPTY_MESSAGE = 0x82
const PONG = 0x8a

t.test('empty messages do not fill the memory of a gateway', async (t) => {
  const [toClient, toService] = [await ends(t), await ends(t)]
  relay(toClient.near, toService.near, relaying(t, messageMemory(100)))
  toClient.far.pause()
  // With their headers of two bytes, they are only 40 kB, but would take five megabytes of memory.
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
  // A fragment of one byte keeps its whole packet in memory.
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

t.test('fragments without content arrive in several turns of the event loop', async (t) => {
  const [client, service] = [await ends(t), await ends(t)]
  relay(client.near, service.near, relaying(t, messageMemory(100)))
  let [turns, isOver] = [0, false]
  const turn = (): void => {
    turns += 1
    if (!isOver) setImmediate(turn)
  }
  const fragments = 16_000
  const empty = Buffer.of(0x00, 127, 0, 0, 0, 0, 0, 0, 0, 0)
  const all = once(service.far, 'message')
  const { connection } = client.near
  client.near.webSocket.once('message', () => {
    isOver = true
  })
  setImmediate(turn)
  connection.push(
    Buffer.concat([
      Buffer.of(TEXT_UNFINISHED, 1, 65),
      ...Array.from({ length: fragments - 2 }, () => empty),
      Buffer.of(0x80, 0)
    ])
  )
  const [message] = (await all) as [Buffer]
  t.equal(String(message), 'A')
  // 160 KB, of which one turn reads 32 KiB at most.
  t.ok(turns >= 4, `${turns} turns`)
})
