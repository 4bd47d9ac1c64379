import type { Socket } from 'node:net'

/**
 * Lets undici read the response to a request that was already written: what undici writes next, the
 * same request, is dropped, and then it gets the bytes that have arrived. undici writes a request
 * without a body with one call of `write`; a test counts the bytes that a service gets. The call is
 * dropped before the buffer of the socket: a service may respond before it has read the request,
 * and what is still in the buffer is written in one piece.
 */
export function takeOver(socket: Socket, bytes: Buffer): void {
  const { write } = socket
  const drop = (): boolean => {
    socket.write = write
    process.nextTick(() => {
      if (!socket.destroyed) socket.push(bytes)
    })
    return true
  }
  socket.write = drop
}
