import type { Readable } from 'node:stream'
import { mayTakeAnyTime } from '@gatehouse/http-service/bound-requests'
import { isGone } from '@gatehouse/http-service/http-two'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Passage } from '../passage.ts'
import { listedMethods } from '../routes/methods.ts'
import type { BodyMemory } from './body-memory.ts'
import { type ExchangePorts, exchange } from './exchange.ts'
import { isCall } from './grpc-call.ts'
import { judgedBody } from './judged-body.ts'
import { clientOf } from './waiting-client.ts'
import { BodyInHand } from './whole-body.ts'

type UploadPorts = ExchangePorts & {
  readonly memory: BodyMemory
  readonly passageOf: (request: FastifyRequest) => Passage
}

const ANY_TYPE = 'application/octet-stream'

const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', ...listedMethods] as const

/**
 * Handles the methods that may have a body. A small body is forwarded once it is complete, a large
 * one as it arrives, and then the request is never sent twice. The response, which may come before
 * the body has ended, is written like every other one.
 */
export async function uploads(app: FastifyInstance, ports: UploadPorts): Promise<void> {
  const { passageOf, memory } = ports
  for (const method of listedMethods) app.addHttpMethod(method, { hasBody: true })
  // The framework has parsers for some media types, which would buffer and limit the body.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  app.addHook('preParsing', async (request, _reply, payload) => {
    const { headers } = request.raw
    // The framework refuses a `Content-Type` that is no media type. A service may accept it, and
    // gets the header of the passage.
    if (headers['content-type'] !== undefined) headers['content-type'] = ANY_TYPE
    return judgedBody(request, payload as Readable, passageOf(request), memory)
  })
  app.route({
    method: [...METHODS],
    url: '/*',
    handler(request, reply) {
      if (!isGone(reply.raw)) {
        const passage = passageOf(request)
        if (passage.route.events && isCall(passage)) mayTakeAnyTime(request.raw)
        exchange(clientOf(reply), passage, bodyOf(request), ports)
      }
      return reply
    }
  })
}

/** Null: it has none. */
function bodyOf({ body }: FastifyRequest): Buffer | Readable | null {
  if (body instanceof BodyInHand) return body.bytes
  return (body as Readable | undefined) ?? null
}
