import type { Readable } from 'node:stream'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyRequest } from 'fastify'
import type { Passage } from '../../request/passage.ts'
import { isCall } from '../response/grpc-call.ts'
import type { BodyMemory } from './body-memory.ts'
import { limitedBody } from './limited-body.ts'
import { isReadWhole, wholeBody } from './whole-body.ts'

/**
 * Reads a small body completely, and counts a larger one as it arrives. undici destroys the body if
 * the response comes first. That must not be the client's own stream, because it would close the
 * client's connection.
 * @throws Refusal before it reads anything, if the memory for small bodies is taken
 */
export async function judgedBody(
  { headers }: Pick<FastifyRequest, 'headers'>,
  payload: Readable,
  passage: Pick<Passage, 'route' | 'caller' | 'headers'>,
  memory: BodyMemory
): Promise<Readable> {
  const { route, caller } = passage
  const limitBytes = route.bodyLimitBytes
  const { 'transfer-encoding': coding, 'content-length': length } = headers
  if (coding === undefined && !(Number(length) > 0)) return payload
  // A gRPC client may wait for messages of the service before it sends its own.
  if (!isReadWhole(limitBytes) || isCall(passage)) return limitedBody(payload, limitBytes)
  const release = memory.reserve(caller, coding === undefined ? Number(length) : limitBytes)
  if (release instanceof Refusal) throw release
  try {
    return await wholeBody(payload, limitBytes)
  } finally {
    release()
  }
}
