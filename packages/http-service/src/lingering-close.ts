import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** How long a connection that is to close is read for, at most, and while nothing comes. */
const LONGEST_MS = 30_000
const QUIET_MS = 5000

/**
 * Closes a connection after its last answer so that the client can read that answer. A client that still sends would be answered
 * with a reset, and a reset destroys what it has received and not read. So this side is closed first, and what comes is thrown away
 * until the client closes too (RFC 9112 §9.6).
 */
export function lingeringClose(service: FastifyInstance): void {
  const lingering = new Set<Socket>()
  const onConnection = (socket: Socket) => {
    socket.destroySoon = () => {
      if (socket.destroyed) return
      // A second reason to close, or a client that closes, or has closed: nothing is left to wait for.
      if (lingering.has(socket) || socket.readableEnded) return closeAfterWrites(socket)
      lingering.add(socket)
      socket.once('close', () => lingering.delete(socket))
      linger(socket)
    }
  }
  service.server.on('connection', onConnection)
  service.server.on('secureConnection', onConnection)
  service.addHook('preClose', async () => {
    for (const socket of lingering) closeAfterWrites(socket)
  })
}

function linger(socket: Socket): void {
  socket.end()
  // The parser of Node.js would take what comes for requests.
  socket.removeAllListeners('data')
  const close = () => socket.destroy()
  const longest = setTimeout(close, LONGEST_MS).unref()
  const quiet = setTimeout(close, QUIET_MS).unref()
  socket.on('data', () => quiet.refresh())
  socket.once('end', () => closeAfterWrites(socket))
  socket.once('close', () => {
    clearTimeout(longest)
    clearTimeout(quiet)
  })
  socket.resume()
}

function closeAfterWrites(socket: Socket): void {
  socket.end()
  if (socket.writableFinished) socket.destroy()
  else socket.once('finish', () => socket.destroy())
}
