import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { Agent } from 'undici'
import type { MarkOrigin } from '../cross-origin.ts'
import type { Passage } from '../journey.ts'
import type { RouteTable } from '../routes/route-table.ts'
import { exchange } from './exchange.ts'
import { healthChecks } from './health-checks.ts'
import { streamedUpload } from './streamed-upload.ts'
import { upstreams } from './upstreams.ts'
import { BodyInHand } from './whole-body.ts'

const CONNECT_TIMEOUT_MS = 2000

export type ForwardOptions = {
  /** what the journey made of a request */
  passageOf: (request: FastifyRequest) => Passage
  /** how long a service may take to begin its answer */
  upstreamTimeoutMs: number
  /** how many requests may be under way at one address of a service */
  upstreamConnections: number
  markOrigin: MarkOrigin
  table: () => RouteTable
  clock: () => number
}

/** What changes while it runs. */
export type Forwarding = {
  /** The route table is another one. */
  follow(): void
}

/** The last stage: the request goes to its service, and the answer comes back, both as they come. */
export async function forward(app: FastifyInstance, options: ForwardOptions): Promise<Forwarding> {
  const { passageOf, markOrigin, upstreamTimeoutMs, upstreamConnections, table, clock } = options
  const dispatcher = new Agent({
    connections: upstreamConnections,
    connect: { timeout: CONNECT_TIMEOUT_MS }
  })
  const services = upstreams({ placesPerAddress: upstreamConnections, clock })
  const checks = healthChecks({
    ...{ table, dispatcher, upstreams: services },
    onChange: (address, healthy) => app.log.warn({ address, healthy }, 'the health has changed')
  })
  app.addHook('onClose', async () => {
    checks.close()
    await dispatcher.destroy()
  })

  const needs = { dispatcher, markOrigin, upstreams: services, answerMs: upstreamTimeoutMs }
  const passWhole = (request: FastifyRequest, reply: FastifyReply): void => {
    const body = request.body instanceof BodyInHand ? request.body.bytes : null
    exchange(reply, passageOf(request), body, needs)
  }
  app.route({
    method: ['GET', 'HEAD'],
    url: '/*',
    handler: (request, reply) => {
      passWhole(request, reply)
      return reply
    }
  })
  const bodies: FastifyPluginAsync = async (scope) =>
    streamedUpload(scope, { ...needs, passageOf, passWhole })
  await app.register(bodies)
  return { follow: checks.follow }
}
