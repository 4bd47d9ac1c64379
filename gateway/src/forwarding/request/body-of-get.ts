import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import type { Passage } from '../../request/passage.ts'
import { type BodyPorts, judgedBody } from './judged-body.ts'
import { BodyInHand } from './whole-body.ts'

/**
 * The body of a GET, which the framework does not read: held in memory if it is small, a stream if
 * it may be larger, null if there is none.
 * @throws Refusal INVALID_REQUEST if it is too large or does not arrive in time, or as `judgedBody`
 */
export async function bodyOfGet(
  request: FastifyRequest,
  passage: Passage,
  ports: BodyPorts
): Promise<Buffer | Readable | null> {
  const { 'transfer-encoding': coding, 'content-length': length } = request.headers
  if (coding === undefined && !(Number(length) > 0)) return null
  const body = await judgedBody(request, request.raw, passage, ports)
  if (!(body instanceof BodyInHand)) return body
  return body.bytes.length === 0 ? null : body.bytes
}
