import { Readable } from 'node:stream'
import { bodyTooLarge } from '../../refusals.ts'

/**
 * Passes a body on and counts its bytes. Over the limit, it fails with the refusal, so the receiver
 * does not get a complete body. The source is not destroyed, because the client must still get a
 * response on the same connection.
 */
export function limitedBody(source: Readable, limitBytes: number): Readable {
  let received = 0
  let isWanted = false
  // Holds at most one chunk. The others wait in the source, which joins small ones.
  const body = new Readable({
    highWaterMark: 1,
    read() {
      isWanted = true
      take()
    }
  })
  const take = (): void => {
    if (body.destroyed) discard()
    if (body.destroyed || !isWanted) return
    const chunk: Buffer | null = source.read()
    if (chunk === null) return
    received += chunk.length
    if (received > limitBytes) {
      body.destroy(bodyTooLarge())
      return
    }
    isWanted = false
    body.push(chunk)
  }
  /**
   * The rest would precede the next request on this connection. And if the service has responded
   * and needs no more of the body, the client can only read the response if what it still sends is
   * read.
   */
  const discard = (): void => {
    while (source.read() !== null);
  }
  // At this moment the body may have no reader. An 'error' event without a listener would end the
  // process.
  body.on('error', () => {})
  body.once('close', discard)
  source.on('readable', take)
  source.once('end', () => body.push(null))
  source.once('error', (error) => body.destroy(error))
  source.once('close', () => {
    if (!source.readableEnded) body.destroy()
  })
  // The client may have left while the request waited. Then `close` has been emitted.
  if (source.closed && !source.readableEnded) body.destroy()
  return body
}
