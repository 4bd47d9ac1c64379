import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import { framePieces } from './frame-pieces.ts'

/** One end of a relay, with the connection that its frames arrive on. */
export type Side = { readonly webSocket: WebSocket; readonly connection: Duplex }

/** what a fragment, or a chunk of a frame, takes in addition to its bytes: measured, 214 bytes */
const PIECE_BYTES = 256

/**
 * Reports how many bytes of incomplete messages have arrived: `ws` holds them and does not say how
 * many there are. Counts all bytes of the connection, and subtracts each frame that `ws` reports,
 * with its header. The size of the headers of fragments is not known. But after a complete message,
 * at most the last two chunks can be left: `ws` does not read a third one before it has read all
 * messages of the first. The count includes the overhead of the pieces of a message, because each
 * piece may have a single byte.
 * @param isMasked whether the peer masks its frames, as clients do (RFC 6455 §5.1)
 */
export function watchArriving(
  { webSocket, connection }: Side,
  isMasked: boolean,
  note: (bytes: number) => void
): void {
  const maskBytes = isMasked ? 4 : 0
  const piecesWith = framePieces()
  let [held, last, lastButOne, pieces] = [0, 0, 0, 0]
  const read = (data: RawData): void => {
    const bytes = byteLength(data)
    held = Math.max(held - bytes - headerBytes(bytes) - maskBytes, 0)
  }
  connection.on('data', (chunk: Buffer) => {
    held += chunk.length
    lastButOne = last
    last = chunk.length
    pieces = piecesWith(chunk)
    note(held + pieces * PIECE_BYTES)
  })
  // Control frames may come between the fragments of a message, so they complete nothing.
  webSocket.on('ping', read).on('pong', read)
  webSocket.on('message', (data) => {
    read(data)
    held = Math.min(held, last + lastButOne)
    note(held + pieces * PIECE_BYTES)
  })
}

/** RFC 6455 §5.2 */
const headerBytes = (length: number): number => (length < 126 ? 2 : length < 65_536 ? 4 : 10)

function byteLength(data: RawData): number {
  return Array.isArray(data) ? data.reduce((sum, part) => sum + part.length, 0) : data.byteLength
}
