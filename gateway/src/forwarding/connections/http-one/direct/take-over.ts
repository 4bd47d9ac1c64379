import type { Socket } from 'node:net'

/**
 * Lets undici read the response to a request that was already written: what undici writes next, the
 * same request, is dropped, and then it gets the bytes that have arrived.
 */
export function takeOver(socket: Socket, bytes: Buffer): void {
  const { _write: write } = socket
  socket._write = (_chunk, _encoding, done) => {
    socket._write = write
    done()
    process.nextTick(() => {
      if (!socket.destroyed) socket.push(bytes)
    })
  }
}
