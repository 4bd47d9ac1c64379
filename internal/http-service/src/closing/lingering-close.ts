import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { OpenConnections } from './open-connections.ts'

/** How long a connection may take to close, in total and while it is read and nothing arrives. */
const LONGEST_MS = 30_000
const QUIET_MS = 5000

/**
 * Closes a connection after its last response so that the client can read that response. If the
 * client still sends, an ordinary close would answer with a reset, which destroys data that the
 * client has received but not read. So this closes its own side first, and discards what arrives
 * until the client closes too (RFC 9112 §9.6).
 */
export function lingeringClose(service: FastifyInstance, connections: OpenConnections): void {
  const lingering = new WeakSet<Socket>()
  connections.onOpen((socket) => {
    socket.destroySoon = () => {
      if (socket.destroyed) return
      // Already closing, or the client has closed: nothing is left to wait for.
      if (lingering.has(socket) || socket.readableEnded) return closeAfterWrites(socket)
      lingering.add(socket)
      linger(socket)
    }
  })
  service.addHook('preClose', async () => {
    for (const socket of connections) if (lingering.has(socket)) closeAfterWrites(socket)
  })
}

function linger(socket: Socket): void {
  socket.end()
  // Node.js' parser would read what arrives as requests.
  socket.removeAllListeners('data')
  destroyAfter(socket, LONGEST_MS)
  const quiet = destroyAfter(socket, QUIET_MS)
  socket.on('data', () => quiet.refresh())
  socket.once('end', () => closeAfterWrites(socket))
  socket.resume()
}

function destroyAfter(socket: Socket, ms: number): NodeJS.Timeout {
  const timer = setTimeout(() => socket.destroy(), ms).unref()
  socket.once('close', () => clearTimeout(timer))
  return timer
}

/** The last bytes of a client that does not read are never written. */
function closeAfterWrites(socket: Socket): void {
  socket.end()
  if (socket.writableFinished) {
    socket.destroy()
    return
  }
  destroyAfter(socket, LONGEST_MS)
  socket.once('finish', () => socket.destroy())
}
