import type { Socket } from 'node:net'

/** How many bytes may arrive on a connection before it is taken over. */
const MOST_HELD_BYTES = 64 * 1024
/** how many chunks are held before they are joined */
const MOST_CHUNKS = 64

/**
 * Reads a connection that Node.js has released and that nothing has taken over yet. Node.js
 * notices that the client disconnects only while the connection is read.
 * @returns a function that stops reading, and returns what has arrived
 */
export function holdBytes(socket: Socket): () => Buffer {
  let held: Buffer[] = []
  let bytes = 0
  const onEnd = () => socket.destroySoon()
  const onData = (chunk: Buffer) => {
    held.push(chunk)
    // A client may send one byte at a time, and each chunk is an object of hundreds of bytes.
    if (held.length === MOST_CHUNKS) held = [Buffer.concat(held)]
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
