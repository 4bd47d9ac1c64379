import { once } from 'node:events'
import { connect } from 'node:net'
import { closed } from '@gatehouse/fixtures/closed'
import t from 'tap'
import { smallService } from './fixtures/small-service.ts'

t.test('a service that closes cuts an answer that does not end in time', async (t) => {
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
