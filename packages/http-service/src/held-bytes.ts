import type { Socket } from 'node:net'

/** How many bytes may arrive on a connection that waits to be taken over. */
const MOST_HELD_BYTES = 64 * 1024

/**
 * Reads a connection that Node.js has let go of and that nothing has taken over yet: a client that leaves is noticed only on a
 * connection that is read.
 * @returns a function that stops reading, and returns what has arrived
 */
export function holdBytes(socket: Socket): () => Buffer {
  const held: Buffer[] = []
  let bytes = 0
  const onEnd = () => socket.destroySoon()
  const onData = (chunk: Buffer) => {
    held.push(chunk)
    bytes += chunk.length
    if (bytes > MOST_HELD_BYTES) socket.destroy()
  }
  socket.on('data', onData).on('end', onEnd)
  return () => {
    socket.pause()
    socket.off('data', onData).off('end', onEnd)
    return Buffer.concat(held)
  }
}
