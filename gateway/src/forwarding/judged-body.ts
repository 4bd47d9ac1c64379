import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { limitedBody } from './limited-body.ts'
import { isReadWhole, wholeBody } from './whole-body.ts'

/**
 * A small body is read here, and a larger one is counted as it comes. undici destroys a body whose answer came first; that must
 * not be the client's own stream, because its connection would go with it.
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
