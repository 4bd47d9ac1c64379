import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** The open connections of a service. With TLS, both the TCP socket and the TLS socket on it. */
export type OpenConnections = Iterable<Socket> & {
  /** Calls a function with each connection that opens from now on. */
  onOpen(opened: (socket: Socket) => void): void
}

export function openConnections(service: FastifyInstance): OpenConnections {
  const open = new Set<Socket>()
  const onOpen = (opened: (socket: Socket) => void): void => {
    service.server.on('connection', opened)
    service.server.on('secureConnection', opened)
  }
  onOpen((socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  return { onOpen, [Symbol.iterator]: () => open.values() }
}
