import type { Socket } from 'node:net'

type Done = (error?: Error | null) => void

/** The other side has closed, and reads nothing that is still sent. */
const UNREAD = new Set(['EPIPE', 'ECONNRESET'])

/**
 * Lets a connection be read to its end although it can no longer be written. A service may answer before it has read the whole
 * request, and close. What is written after that fails, and Node.js would then throw away an answer that has arrived and was not
 * read. The end of what has arrived follows, and ends the connection.
 */
export function keepReading(socket: Socket): void {
  const { _write: write, _writev: writev } = socket
  let isUnread = false
  const forgiving =
    (done: Done): Done =>
    (error) => {
      isUnread ||= UNREAD.has((error as NodeJS.ErrnoException | null)?.code ?? '')
      done(isUnread ? null : error)
    }
  socket._write = (chunk, encoding, done) => {
    if (isUnread) done()
    else write.call(socket, chunk, encoding, forgiving(done))
  }
  if (writev === undefined) return
  socket._writev = (chunks, done) => {
    if (isUnread) done()
    else writev.call(socket, chunks, forgiving(done))
  }
}
