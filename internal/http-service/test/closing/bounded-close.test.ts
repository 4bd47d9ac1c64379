import { once } from 'node:events'
import { connect } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { closed } from '@gatehouse/fixtures/closed'
import t from 'tap'
import { smallService } from '../fixtures/small-service.ts'

t.test('a closing service cuts a response that does not end in time', async (t) => {
  const service = smallService(undefined, { closeMs: 1 })
  service.get('/long', (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200).write('a beginning')
  })
  await service.listen({ port: 0, host: '127.0.0.1' })
  const { port } = service.server.address() as { port: number }
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write('GET /long HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(socket, 'data')
  await Promise.all([service.close(), closed(socket)])
  t.ok(socket.destroyed)
})

t.test('a request during the close is answered, and its connection closes', async (t) => {
  const service = smallService(undefined, { closeMs: 60_000 })
  let finish = (): void => {}
  service.get('/slow', async () => {
    await new Promise<void>((resolve) => {
      finish = resolve
    })
    return 'slow'
  })
  service.get('/late', async () => 'late')
  await service.listen({ port: 0, host: '127.0.0.1' })
  const { port } = service.server.address() as { port: number }
  const socket = connect({ port, host: '127.0.0.1' })
  let received = ''
  socket.setEncoding('latin1').on('data', (piece: string) => {
    received += piece
  })
  socket.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n')
  const begun = finish
  while (finish === begun) await setImmediate()
  const closing = service.close()
  socket.write('GET /late HTTP/1.1\r\nHost: a\r\n\r\n')
  await setImmediate()
  finish()
  await Promise.all([closing, closed(socket)])
  t.match(received, /^HTTP\/1\.1 200 [\s\S]*slow\r?\n?HTTP\/1\.1 200 [\s\S]*late$/)
  t.match(received.slice(received.indexOf('slow')), /connection: close/i)
})
