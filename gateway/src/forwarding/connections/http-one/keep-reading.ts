import type { Socket } from 'node:net'

type Done = (error?: Error | null) => void

/** The other side has closed and no longer reads. */
const UNREAD = new Set(['EPIPE', 'ECONNRESET'])

/**
 * Keeps reading a connection that can no longer be written. A service may respond and close before
 * it has read the whole request. The next write then fails, and Node.js would discard a response
 * that has arrived but was not read. The connection ends when everything that has arrived was read.
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
