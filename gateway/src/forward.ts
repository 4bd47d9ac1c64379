import { isGone } from '@gatehouse/http-service/http-two'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { type ExchangePorts, exchange } from './forwarding/exchange.ts'
import type { Forwarding } from './forwarding/open-forwarding.ts'
import { bodyMemory } from './forwarding/request/body-memory.ts'
import { bodyOfGet } from './forwarding/request/body-of-get.ts'
import type { BodyPorts } from './forwarding/request/judged-body.ts'
import { clientOf } from './forwarding/response/waiting-client.ts'
import { uploads } from './forwarding/uploads.ts'
import type { Passage } from './request/passage.ts'
import { messageMemory } from './websocket/message-memory.ts'
import { webSockets } from './websocket/websockets.ts'

/**
 * Registers the handlers that forward the requests that the journey has admitted. What arrives from
 * the client goes to the service, and what arrives from the service goes to the client.
 * @param passageOf the result of the journey of a request
 */
export async function forward(
  app: FastifyInstance,
  forwarding: Forwarding,
  passageOf: (request: FastifyRequest) => Passage
): Promise<void> {
  const { requests, sharePercent } = forwarding
  const { table, responseMs, lifetimes, noteFault } = requests
  const memory = bodyMemory(sharePercent)
  const passWebSocket = webSockets(app, {
    table,
    responseMs,
    lifetimes,
    noteFault,
    upstreams: forwarding.webSockets,
    messages: messageMemory(sharePercent)
  })
  app.addHook('preClose', async () => forwarding.shutDown())
  app.addHook('onClose', () => forwarding.close())
  app.route({
    method: ['GET', 'HEAD'],
    url: '/*',
    handler(request, reply) {
      const passage = passageOf(request)
      if (passage.websocket !== null) passWebSocket(reply, passage)
      else if (passage.route.bodyOnGet && request.method === 'GET') {
        return passWithBody(reply, passage, { ...requests, memory })
      } else exchange(clientOf(reply), passage, null, requests)
      return reply
    }
  })
  // In a scope of its own, because it takes the framework's parsers away.
  const scoped: FastifyPluginAsync = async (scope) =>
    uploads(scope, { ...requests, passageOf, memory })
  await app.register(fp(scoped, { name: 'uploads', encapsulate: true }))
}

async function passWithBody(
  reply: FastifyReply,
  passage: Passage,
  ports: ExchangePorts & BodyPorts
): Promise<FastifyReply> {
  const body = await bodyOfGet(reply.request, passage, ports)
  if (!isGone(reply.raw)) exchange(clientOf(reply), passage, body, ports)
  return reply
}
