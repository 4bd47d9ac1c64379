import { once } from 'node:events'
import { eventually } from '@gatehouse/fixtures/client'
import t from 'tap'
import { messageMemory } from '../../../src/websocket/message-memory.ts'
import { relay } from '../../../src/websocket/relay.ts'
import { ask, bearer, sockets } from '../../websocket/fixtures/sockets.ts'
import { arriving, begin, ends, KIB, relaying } from '../fixtures/relayed-pair.ts'

t.test('messages that are not complete take no more memory than a caller may', async (t) => {
  const memory = messageMemory(25, 1024 * KIB)
  const opened = async (caller: string) => {
    const [client, service] = [await ends(t), await ends(t)]
    // `near` is the gateway's end. `far` is a client here, so its frames have no mask.
    relay(client.near, service.near, relaying(t, memory, caller))
    const received: number[] = []
    service.far.on('message', (data: Buffer) => received.push(data.length))
    return { client: client.far, service: service.far, received }
  }
  const [first, second, other] = [await opened('ada'), await opened('ada'), await opened('bob')]
  begin(first.client, 200 * KIB)
  // A share has 256 KiB, and the first 16 KiB of each message are free.
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

t.test('each fragment counts, however short it is', async (t) => {
  const memory = messageMemory(100, 256 * KIB)
  const [client, service] = [await ends(t), await ends(t)]
  relay(client.near, service.near, relaying(t, memory))
  const ended = once(client.far, 'close')
  // The fragments contain 2 kB, and take half a megabyte of memory.
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
    // The gateway stops reading, and lets the clients read the reason.
    10_000
  )
  t.strictSame(new Set(codes), new Set([1013]))
  t.ok(ended >= 7 && ended < 20, `${ended} of 40 were closed`)
  const other = open('/live', [], bearer(gateway, { sub: 'another-user' }))
  await once(other, 'open')
  t.equal((await ask(other, 'x'.repeat(90_000))).length, 90_000, 'others are served')
})
