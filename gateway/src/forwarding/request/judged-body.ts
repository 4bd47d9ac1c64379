import type { Readable } from 'node:stream'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyRequest } from 'fastify'
import type { Passage } from '../../request/passage.ts'
import { revokedRefusal } from '../../revocation/revoked-refusal.ts'
import type { Lifetimes } from '../lifetimes.ts'
import { isCall } from '../response/grpc-call.ts'
import type { BodyMemory } from './body-memory.ts'
import { limitedBody } from './limited-body.ts'
import { isReadWhole, wholeBody } from './whole-body.ts'

/** What a body needs on its way to its service. */
export type BodyPorts = {
  readonly memory: BodyMemory
  readonly lifetimes: Pick<Lifetimes, 'refuseExpiredOrRevoked' | 'watchRevoked'>
}

/**
 * Reads a small body completely, and counts a larger one as it arrives. The client decides how long
 * that takes, and a service acts when it has the last byte: a session that has ended meanwhile must
 * no longer act. undici destroys the body if the response comes first. That must not be the
 * client's own stream, because it would close the client's connection.
 * @throws Refusal before it reads anything, if the memory for small bodies is taken; after it has
 *   read a small body, if the token has expired or is revoked
 */
export async function judgedBody(
  { headers }: Pick<FastifyRequest, 'headers'>,
  payload: Readable,
  passage: Pick<Passage, 'route' | 'token' | 'caller' | 'headers'>,
  { memory, lifetimes }: BodyPorts
): Promise<Readable> {
  const { route, token, caller } = passage
  const limitBytes = route.bodyLimitBytes
  const { 'transfer-encoding': coding, 'content-length': length } = headers
  if (coding === undefined && !(Number(length) > 0)) return payload
  // A gRPC client may wait for messages of the service before it sends its own. A call ends with
  // its token.
  if (isCall(passage)) return limitedBody(payload, limitBytes)
  if (!isReadWhole(limitBytes)) {
    const body = limitedBody(payload, limitBytes)
    const unwatch = lifetimes.watchRevoked(token, (why) => body.destroy(revokedRefusal(why)))
    // A body without a reader does not close.
    for (const one of [body, payload]) one.once('close', unwatch)
    return body
  }
  const release = memory.reserve(caller, coding === undefined ? Number(length) : limitBytes)
  if (release instanceof Refusal) throw release
  try {
    const body = await wholeBody(payload, limitBytes)
    lifetimes.refuseExpiredOrRevoked(passage)
    return body
  } finally {
    release()
  }
}
