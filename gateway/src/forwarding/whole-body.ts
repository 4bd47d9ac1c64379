import { Readable } from 'node:stream'
import { slowBody } from '../refusals.ts'
import { limitedBody } from './limited-body.ts'

/** A route whose bodies are no larger has them read here first. */
const LARGEST_BYTES = 64 * 1024

/** What a small body may take; a phone on a poor line needs a few seconds. */
const DEADLINE_MS = 10_000

/** Whether bodies of this limit are worth holding until they have come. */
export const isReadWhole = (limitBytes: number): boolean => limitBytes <= LARGEST_BYTES

/** A body that has come whole; nothing is left to be read of it. */
export class BodyInHand extends Readable {
  readonly bytes: Buffer
  constructor(bytes: Buffer) {
    super()
    this.bytes = bytes
    this.push(null)
  }
}

/**
 * Reads a small body to its end before anything is asked of its service: clients that send a byte now and then hold a
 * connection to the gateway then, and none to the service.
 * @throws Refusal INVALID_REQUEST where it is too large, or has not come in time
 */
export async function wholeBody(
  source: Readable,
  limitBytes: number,
  deadlineMs = DEADLINE_MS
): Promise<BodyInHand> {
  const body = limitedBody(source, limitBytes)
  const deadline = setTimeout(() => body.destroy(slowBody()), deadlineMs)
  try {
    const chunks: Buffer[] = await body.toArray()
    return new BodyInHand(Buffer.concat(chunks))
  } finally {
    clearTimeout(deadline)
  }
}
