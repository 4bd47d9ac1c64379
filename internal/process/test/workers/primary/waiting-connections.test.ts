import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { waitingConnections } from '../../../src/workers/primary/waiting-connections.ts'

/** more than the event loop accepts in one turn */
const WAITING = 20
const PATIENCE_MS = 60_000

type Accepted = { close(): void }
type Handle = { onconnection(error: number, accepted?: Accepted): void }

/**
 * A listening socket like those of node:cluster in a primary process: it takes the handle from its
 * server, and keeps the connections until a worker takes them.
 */
async function listener(t: Test) {
  const waiting = waitingConnections(() => null)
  t.teardown(waiting.end)
  const kept: Accepted[] = []
  const server = createServer() as Server & { _handle: Handle | null }
  let port = 0
  server.once('listening', () => {
    const { _handle: handle } = server
    const address = server.address()
    if (handle === null || address === null || typeof address === 'string') return
    port = address.port
    server._handle = null
    handle.onconnection = (_error, accepted) => {
      if (accepted !== undefined) kept.push(accepted)
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  await setImmediate()
  return { waiting, kept, port }
}

t.test('a primary process that ends takes every connection before it closes', async (t) => {
  const { waiting, kept, port } = await listener(t)
  // When `connect` returns, the kernel has opened each connection.
  const sockets = Array.from({ length: WAITING }, () => connect({ port, host: '127.0.0.1' }))
  for (const socket of sockets) {
    socket.on('error', () => {})
    t.teardown(() => socket.destroy())
  }
  let isOver = false
  const closing = waiting.closeListeners(PATIENCE_MS).then(() => {
    isOver = true
  })
  let outcome = 'open'
  while (outcome === 'open') outcome = await opened(port)
  t.match(outcome, /^ECONN(REFUSED|RESET)$/, 'it has closed')
  t.ok(kept.length >= WAITING, 'all were accepted before')
  for (const accepted of kept.slice(1)) accepted.close()
  await setImmediate()
  t.equal(isOver, false, 'one still waits for a worker')
  kept[0]?.close()
  await closing
})

/** `open`, or the code of the error. */
function opened(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' })
  return new Promise<string>((resolve) => {
    socket.once('connect', () => resolve('open'))
    socket.once('error', (error) => resolve('code' in error ? String(error.code) : error.message))
  }).finally(() => socket.destroy())
}
