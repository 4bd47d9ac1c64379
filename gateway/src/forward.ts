import { isGone } from '@gatehouse/http-service/http-two'
import type { ServiceLog } from '@gatehouse/http-service/service-log'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { type CapacityOptions, serviceCapacity } from './forwarding/capacity/service-capacity.ts'
import { httpTwoGauge } from './forwarding/capacity/upstream-gauges.ts'
import { namedEndpoints } from './forwarding/connections/endpoint.ts'
import { serviceConnections } from './forwarding/connections/service-connections.ts'
import { type ExchangePorts, exchange } from './forwarding/exchange.ts'
import { guardedFaults } from './forwarding/faults/guarded-faults.ts'
import type { MarkOrigin } from './forwarding/headers/passed-headers.ts'
import { type BodyMemory, bodyMemory } from './forwarding/request/body-memory.ts'
import { bodyOfGet } from './forwarding/request/body-of-get.ts'
import { lifetimes } from './forwarding/response/lifetimes.ts'
import { openStreams } from './forwarding/response/open-streams.ts'
import { unreadAnswers } from './forwarding/response/unread-responses.ts'
import { clientOf } from './forwarding/response/waiting-client.ts'
import { uploads } from './forwarding/uploads.ts'
import type { RevokedTokens } from './revocation/revoked-tokens.ts'
import type { Passage } from './stages/passage.ts'
import { messageMemory } from './websocket/message-memory.ts'
import { webSockets } from './websocket/websockets.ts'

const CONNECT_TIMEOUT_MS = 2000

type ForwardOptions = CapacityOptions & {
  readonly log: ServiceLog
  /** the result of the journey of a request */
  readonly passageOf: (request: FastifyRequest) => Passage
  readonly markOrigin: MarkOrigin
  readonly revoked: Pick<RevokedTokens, 'watch' | 'why'>
}

/**
 * Forwards a request that the journey has admitted to its service, and the response to the client,
 * both as they arrive.
 * @returns what an exchange without the framework needs
 */
export async function forward(
  app: FastifyInstance,
  options: ForwardOptions
): Promise<ExchangePorts> {
  const { passageOf } = options
  const { ports, webSocketPorts } = openForwarding(app, options)
  const memory = bodyMemory(options.limits.sharePercent)
  const passWebSocket = webSockets(app, webSocketPorts)
  app.route({
    method: ['GET', 'HEAD'],
    url: '/*',
    handler(request, reply) {
      const passage = passageOf(request)
      if (passage.websocket !== null) passWebSocket(reply, passage)
      else if (passage.route.bodyOnGet && request.method === 'GET') {
        return passWithBody(reply, passage, memory, ports)
      } else exchange(clientOf(reply), passage, null, ports)
      return reply
    }
  })
  // In a scope of its own, because it takes the framework's parsers away.
  const scoped: FastifyPluginAsync = async (scope) =>
    uploads(scope, { ...ports, passageOf, memory })
  await app.register(scoped)
  return ports
}

/** Opens what requests and WebSockets share: connections, capacity, and the watch on tokens. */
function openForwarding(app: FastifyInstance, options: ForwardOptions) {
  const { limits, markOrigin, clock } = options
  const capacity = serviceCapacity(options)
  const noteFault = guardedFaults(options)
  const connections = serviceConnections({
    connectMs: CONNECT_TIMEOUT_MS,
    monotonicClock: () => performance.now(),
    noteFault
  })
  httpTwoGauge(options.metrics, connections)
  options.routes.onChange(() => connections.keepOnly(namedEndpoints(options.routes.current())))
  app.addHook('onClose', async () => {
    capacity.close()
    await connections.close()
  })
  const common = {
    table: options.routes.current,
    answerMs: limits.answerMs,
    lifetimes: lifetimes(options.revoked, clock),
    noteFault
  }
  const streams = openStreams(app, options.metrics)
  const ports = {
    ...common,
    upstreams: capacity.requests,
    connections,
    streams,
    unread: unreadAnswers(limits.unreadBytes, options.metrics),
    markOrigin
  }
  const messages = messageMemory(limits.sharePercent)
  const webSocketPorts = { ...common, upstreams: capacity.webSockets, messages }
  return { ports, webSocketPorts }
}

async function passWithBody(
  reply: FastifyReply,
  passage: Passage,
  memory: BodyMemory,
  ports: ExchangePorts
): Promise<FastifyReply> {
  const body = await bodyOfGet(reply.request, passage, memory)
  if (!isGone(reply.raw)) exchange(clientOf(reply), passage, body, ports)
  return reply
}
