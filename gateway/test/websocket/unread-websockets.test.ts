import { once } from 'node:events'
import t from 'tap'
import { sockets } from './fixtures/sockets.ts'

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
  // Until the other side stops reading. From then on, the rest stays with the service.
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
