import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { limitedBody } from './limited-body.ts'
import { isReadWhole, wholeBody } from './whole-body.ts'

/**
 * Reads a small body completely, and counts a larger one as it arrives. undici destroys the body if
 * the response comes first. That must not be the client's own stream, because it would close the
 * client's connection.
 */
export async function judgedBody(
  { headers }: FastifyRequest,
  payload: Readable,
  limitBytes: number
): Promise<Readable> {
  const { 'transfer-encoding': coding, 'content-length': length } = headers
  if (coding === undefined && !(Number(length) > 0)) return payload
  if (isReadWhole(limitBytes)) return wholeBody(payload, limitBytes)
  return limitedBody(payload, limitBytes)
}
