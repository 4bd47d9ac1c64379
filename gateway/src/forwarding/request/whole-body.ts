import { Readable } from 'node:stream'
import { slowBody } from '../../refusals.ts'
import { limitedBody } from './limited-body.ts'

/**
 * If the body limit of a route is at most this, its bodies are read completely before they are
 * forwarded.
 */
const LARGEST_BYTES = 64 * 1024

/** How long a small body may take to arrive: a phone on a slow network needs a few seconds. */
const DEADLINE_MS = 10_000

/** how many chunks of a body are held before they are joined */
const MOST_CHUNKS = 64

/** Whether bodies up to this limit are read completely first. */
export const isReadWhole = (limitBytes: number): boolean => limitBytes <= LARGEST_BYTES

/** A body that has arrived completely; nothing remains to be read. */
export class BodyInHand extends Readable {
  readonly bytes: Buffer
  constructor(bytes: Buffer) {
    super()
    this.bytes = bytes
    this.push(null)
  }
}

/**
 * Reads a small body completely before its service is asked. So a client that sends a byte from
 * time to time occupies a connection to the gateway, but none to the service.
 * @throws Refusal INVALID_REQUEST if the body is too large or does not arrive in time
 */
export async function wholeBody(
  source: Readable,
  limitBytes: number,
  deadlineMs = DEADLINE_MS
): Promise<BodyInHand> {
  const body = limitedBody(source, limitBytes)
  const deadline = setTimeout(() => body.destroy(slowBody()), deadlineMs)
  try {
    let chunks: Buffer[] = []
    for await (const chunk of body) {
      chunks.push(chunk)
      // A client may send one byte at a time, and each chunk is an object of hundreds of bytes.
      if (chunks.length === MOST_CHUNKS) chunks = [Buffer.concat(chunks)]
    }
    return new BodyInHand(Buffer.concat(chunks))
  } finally {
    clearTimeout(deadline)
  }
}
