import type { Socket } from 'node:net'

/** How many bytes may arrive on a connection before it is taken over. */
const MOST_HELD_BYTES = 64 * 1024

/**
 * Reads a connection that Node.js has released and that nothing has taken over yet. Only on a
 * connection that is read does a disconnect of the client show.
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
