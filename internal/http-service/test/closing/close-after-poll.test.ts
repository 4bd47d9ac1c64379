import { connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { closed } from '@gatehouse/fixtures/closed'
import t from 'tap'
import { smallService } from '../fixtures/small-service.ts'

/** more than the event loop accepts in one turn */
const WAITING = 20

t.test('connections that arrive while the hooks of a closing service run are served', async (t) => {
  const app = smallService()
  t.teardown(() => app.close())
  const sockets: Socket[] = []
  // When `connect` returns, the kernel has opened each connection. The event loop has accepted
  // none.
  app.addHook('preClose', async () => {
    while (sockets.length < WAITING) sockets.push(connect({ port, host: '127.0.0.1' }))
  })
  const port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
  const closing = app.close()
  while (sockets.length === 0) await setImmediate()
  const answers = await Promise.all(
    sockets.map(async (socket) => {
      let received = ''
      socket.setEncoding('latin1').on('data', (piece: string) => {
        received += piece
      })
      socket.write('GET /notes/1 HTTP/1.1\r\nHost: a\r\n\r\n')
      await closed(socket)
      return received.slice(0, 12)
    })
  )
  t.strictSame([...new Set(answers)], ['HTTP/1.1 200'])
  await closing
})
