import { once } from 'node:events'
import { mock } from 'node:test'
import t from 'tap'
import { messageMemory } from '../../src/websocket/message-memory.ts'
import { relay } from '../../src/websocket/relay.ts'
import { ends, relaying } from '../attacks/fixtures/relayed-pair.ts'

/** RFC 6455 §5.2: the length follows in two bytes */
const BINARY_OF_LENGTH = [0x82, 126] as const

t.test('a frame may take longer to arrive than a side may be silent', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => mock.timers.reset())
  const [client, service] = [await ends(t), await ends(t)]
  const idleMs = 60_000
  relay(client.near, service.near, { ...relaying(t, messageMemory(100)), idleMs })
  let isCut = false
  client.near.webSocket.once('close', () => {
    isCut = true
  })
  // In the middle of a frame, a client cannot answer a ping.
  client.far.pong = () => {}
  const parts = 5
  const part = Buffer.alloc(100)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(parts * part.length)
  const arrives = async (bytes: Buffer) => {
    const arrived = once(client.near.connection, 'data')
    client.farConnection.write(bytes)
    await arrived
  }
  const message = once(service.far, 'message')
  await arrives(Buffer.concat([Buffer.of(...BINARY_OF_LENGTH), length]))
  for (let sent = 0; sent < parts; sent += 1) {
    const answered = once(service.near.webSocket, 'pong')
    mock.timers.tick(idleMs / 2)
    if (!isCut) await answered
    await arrives(part)
  }
  t.equal(((await message) as [Buffer])[0].length, parts * part.length)

  const ended = once(client.near.webSocket, 'close')
  for (let times = 0; times < 2; times += 1) mock.timers.tick(idleMs / 2)
  await ended
  t.ok(isCut, 'a silent one is cut')
})
