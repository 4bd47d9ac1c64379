import { type Readable, Transform, type TransformCallback } from 'node:stream'
import { bodyTooLarge } from '../refusals.ts'

/**
 * Passes a body on and counts its bytes. Over the limit, it fails with the refusal, so the receiver
 * does not get a complete body. The source is not destroyed, because the client must still get a
 * response on the same connection.
 */
export function limitedBody(source: Readable, limitBytes: number): Readable {
  let received = 0
  const body = new Transform({
    transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
      received += chunk.length
      if (received <= limitBytes) return done(null, chunk)
      // The rest is read and discarded. Otherwise it would precede the next request on this
      // connection.
      source.unpipe(body).resume()
      done(bodyTooLarge())
    }
  })
  // At this moment the body may have no reader. An 'error' event without a listener would end the process.
  body.on('error', () => {})
  // The service has responded and needs no more of the body. The client can only read the response
  // if what it still sends is read.
  body.once('close', () => source.resume())
  source.once('error', (error) => body.destroy(error))
  source.once('close', () => {
    if (!source.readableEnded) body.destroy()
  })
  return source.pipe(body)
}
