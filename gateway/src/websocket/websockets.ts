import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { WebSocket, WebSocketServer } from 'ws'
import { forwardedPath } from '../forwarding/forwarded-path.ts'
import type { Lifetimes } from '../forwarding/lifetimes.ts'
import { type ResponseHeaders, responseHeaders } from '../forwarding/response-headers.ts'
import { refusalOf } from '../forwarding/upstream-faults.ts'
import type { Place, Upstreams } from '../forwarding/upstreams.ts'
import type { Passage } from '../journey.ts'
import { upstreamBusy } from '../refusals.ts'
import { closeCode } from './close-codes.ts'
import { type Relay, relay } from './relay.ts'

export type WebSocketNeeds = {
  readonly upstreams: Upstreams
  readonly lifetimes: Lifetimes
  /** how long a service may take to take the upgrade, where the row does not say */
  readonly answerMs: number
}

/** Takes over a request that passed as an upgrade. */
export type PassWebSocket = (reply: FastifyReply, passage: Passage) => void

/** of a message; what a client sends is held to the row's limit for bodies */
const LONGEST_MESSAGE_BYTES = 16 * 1024 * 1024

/**
 * WebSockets through the gateway. A client is told yes only when the service has said yes, and what the service says in
 * place of it is passed on; each ends with the token that it was opened with.
 */
export function webSockets(app: FastifyInstance, needs: WebSocketNeeds): PassWebSocket {
  const heads = new WeakMap<IncomingMessage, Buffer>()
  const relays = new Set<Relay>()
  app.server.on('upgrade', (raw: IncomingMessage, socket: Duplex, head: Buffer) => {
    heads.set(raw, head)
    takeUp(app, raw, socket)
  })
  app.addHook('preClose', async () => {
    for (const one of relays) one.end(closeCode.goingAway, '')
  })

  const accept = (reply: FastifyReply, passage: Passage, service: WebSocket, place: Place) => {
    const { raw } = reply.request
    const { socket } = raw
    reply.hijack()
    reply.raw.detachSocket(socket)
    const door = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: Math.max(passage.route.bodyLimitBytes, 1),
      handleProtocols: () => service.protocol || false
    })
    door.handleUpgrade(raw, socket, heads.get(raw) ?? Buffer.alloc(0), (client) => {
      client.pause()
      const unwatch = needs.lifetimes.watch(passage.token, (why) =>
        link.end(closeCode.unauthorized, why)
      )
      const link = relay(client, service, {
        idleMs: passage.route.idleSeconds * 1000,
        onEnd() {
          unwatch()
          relays.delete(link)
          place.leave()
        }
      })
      relays.add(link)
    })
  }

  return (reply, passage) => {
    const place = needs.upstreams.take(passage.route.upstream)
    if (place === null) {
      reply.send(upstreamBusy())
      return
    }
    open(reply, passage, place, {
      answerMs: (passage.route.answerSeconds ?? 0) * 1000 || needs.answerMs,
      onOpen: (service) => accept(reply, passage, service, place)
    })
  }
}

/** An upgrade goes the way of every request: the same hooks, the same stages, the same refusals. */
function takeUp(app: FastifyInstance, raw: IncomingMessage, socket: Duplex): void {
  const response = new ServerResponse(raw)
  response.shouldKeepAlive = false
  socket.on('error', () => socket.destroy())
  response.assignSocket(raw.socket)
  response.once('finish', () => raw.socket.destroySoon())
  app.routing(raw, response)
}

type Opening = { readonly answerMs: number; readonly onOpen: (service: WebSocket) => void }

/** Asks the service; what comes of it is an open WebSocket, its own refusal, or ours. */
function open(reply: FastifyReply, passage: Passage, place: Place, opening: Opening): void {
  const { route, headers, websocket } = passage
  const url = `${place.address.replace(/^http/, 'ws')}${forwardedPath(passage)}`
  const service = new WebSocket(url, [...(websocket?.protocols ?? [])], {
    headers,
    handshakeTimeout: opening.answerMs,
    perMessageDeflate: false,
    maxPayload: LONGEST_MESSAGE_BYTES
  })
  let settled = false
  const onGone = () => {
    settled = true
    service.terminate()
    place.leave()
  }
  reply.raw.once('close', onGone)
  service.on('open', () => {
    settled = true
    service.pause()
    reply.raw.off('close', onGone)
    place.answered()
    opening.onOpen(service)
  })
  service.on('unexpected-response', (_asked, answer) => {
    settled = true
    place.answered()
    reply
      .code(answer.statusCode ?? 502)
      .headers(responseHeaders(answer.headers as ResponseHeaders, route))
      .send(answer)
  })
  service.on('error', (error) => {
    if (settled) return
    settled = true
    // What is no fault of a connection, a client may have provoked: a subprotocol that the service does not speak.
    if ('code' in error) place.failed()
    reply.send(refusalOf(error))
  })
}
