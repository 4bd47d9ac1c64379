import { isGone } from '@gatehouse/http-service/http-two'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { MarkOrigin } from '../cross-origin/allow-origins.ts'
import type { Passage } from '../journey.ts'
import type { RouteTable } from '../routes/route-table.ts'
import { messageMemory } from '../websocket/message-memory.ts'
import { webSockets } from '../websocket/websockets.ts'
import { bodyMemory } from './body-memory.ts'
import { bodyOfGet } from './body-of-get.ts'
import { connections as connectionsTo } from './connections.ts'
import { exchange } from './exchange.ts'
import type { NoteFault } from './guard.ts'
import { healthChecks } from './health-checks.ts'
import type { Lifetimes } from './lifetimes.ts'
import { openStreams } from './open-streams.ts'
import { streamedUpload } from './streamed-upload.ts'
import { type Upstreams, upstreams } from './upstreams.ts'
import { BodyInHand } from './whole-body.ts'

const CONNECT_TIMEOUT_MS = 2000

export type UpstreamLimits = {
  /** how long a service may take to begin its response */
  readonly answerMs: number
  /** the maximum number of requests in flight to one address of a service */
  readonly placesPerAddress: number
  /** the maximum number of WebSockets to one address of a service */
  readonly webSocketsPerAddress: number
  /** how much of these one caller may use, in percent of what all others leave */
  readonly sharePercent: number
}

export type ForwardOptions = {
  /** the result of the journey of a request */
  passageOf: (request: FastifyRequest) => Passage
  limits: UpstreamLimits
  lifetimes: Lifetimes
  noteFault: NoteFault
  markOrigin: MarkOrigin
  table: () => RouteTable
  clock: () => number
}

/** What can change while the gateway runs. */
export type Forwarding = {
  /** Call it when the route table has changed. */
  follow(): void
  /** where requests and WebSockets in flight are counted */
  readonly services: Pick<Upstreams, 'figures' | 'refused'>
  readonly socketServices: Pick<Upstreams, 'figures' | 'refused'>
}

/**
 * The last stage: forwards the request to its service, and the response to the client, both as they
 * arrive.
 */
export async function forward(app: FastifyInstance, options: ForwardOptions): Promise<Forwarding> {
  const { passageOf, markOrigin, lifetimes, noteFault, table, clock } = options
  const { answerMs, placesPerAddress, webSocketsPerAddress, sharePercent } = options.limits
  const connections = connectionsTo({
    connectMs: CONNECT_TIMEOUT_MS,
    monotonicClock: () => performance.now()
  })
  const services = upstreams({ placesPerAddress, sharePercent, clock })
  const memory = bodyMemory(sharePercent)
  // WebSockets are counted separately: they stay open, and would leave no place for requests.
  const socketServices = upstreams({
    placesPerAddress: webSocketsPerAddress,
    sharePercent,
    clock
  })
  const checks = healthChecks({
    table,
    onChange(endpoint, healthy) {
      services.setHealthy(endpoint, healthy)
      socketServices.setHealthy(endpoint, healthy)
      app.log.warn({ address: endpoint.address, healthy }, 'the health of an address has changed')
    }
  })
  const streams = openStreams(app)
  app.addHook('onClose', async () => {
    checks.close()
    await connections.close()
  })

  const needs = {
    connections,
    markOrigin,
    lifetimes,
    streams,
    noteFault,
    upstreams: services,
    answerMs,
    table
  }
  const passWebSocket = webSockets(app, {
    lifetimes,
    noteFault,
    answerMs,
    table,
    messages: messageMemory(sharePercent),
    upstreams: socketServices
  })
  const passWhole = (request: FastifyRequest, reply: FastifyReply): void => {
    const body = request.body instanceof BodyInHand ? request.body.bytes : null
    exchange(reply, passageOf(request), body, needs)
  }
  const passWithBody = async (request: FastifyRequest, reply: FastifyReply, passage: Passage) => {
    const body = await bodyOfGet(request, passage, memory)
    if (!isGone(reply.raw)) exchange(reply, passage, body, needs)
    return reply
  }
  app.route({
    method: ['GET', 'HEAD'],
    url: '/*',
    handler: (request, reply) => {
      const passage = passageOf(request)
      if (passage.websocket !== null) passWebSocket(reply, passage)
      else if (passage.route.bodyOnGet && request.method === 'GET') {
        return passWithBody(request, reply, passage)
      } else exchange(reply, passage, null, needs)
      return reply
    }
  })
  const bodies: FastifyPluginAsync = async (scope) =>
    streamedUpload(scope, { ...needs, passageOf, passWhole, memory })
  await app.register(bodies)
  return { follow: checks.follow, services, socketServices }
}
