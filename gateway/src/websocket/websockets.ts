import type { IncomingMessage } from 'node:http'
import { isGone } from '@gatehouse/http-service/http-two'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { type WebSocket, WebSocketServer } from 'ws'
import { guard, type NoteFault } from '../forwarding/guard.ts'
import type { Lifetimes } from '../forwarding/lifetimes.ts'
import { isShortage, refusalOf } from '../forwarding/upstream-faults.ts'
import type { Place, Upstreams } from '../forwarding/upstreams.ts'
import type { Passage } from '../passage.ts'
import { upstreamTimeout } from '../refusals.ts'
import type { RouteTable } from '../routes/route-table.ts'
import { noteWebSocket } from '../telemetry/served.ts'
import { noteAnswered, noteAsked } from '../telemetry/trail.ts'
import type { Side } from './arriving-bytes.ts'
import { askService, chosenProtocol, MANY_AT_ONCE, upgradedConnection } from './ask-service.ts'
import { closeCode } from './close-codes.ts'
import type { MessageMemory } from './message-memory.ts'
import { passRefusal } from './pass-refusal.ts'
import { type Relay, relay } from './relay.ts'
import { takeUpgrades } from './upgrades.ts'

type WebSocketOptions = {
  readonly upstreams: Upstreams
  readonly lifetimes: Lifetimes
  readonly noteFault: NoteFault
  readonly messages: MessageMemory
  readonly table: () => RouteTable
  /** how long a service may take to accept the upgrade, if the route sets no time */
  readonly answerMs: number
}

/** Handles a request that the journey has accepted as an upgrade. */
type PassWebSocket = (reply: FastifyReply, passage: Passage) => void

/**
 * WebSockets through the gateway. The client's upgrade is accepted only after the service has
 * accepted its own. A refusal of the service is passed on. Each WebSocket ends with the token that
 * opened it.
 */
export function webSockets(app: FastifyInstance, options: WebSocketOptions): PassWebSocket {
  const release = takeUpgrades(app, options.noteFault)
  const relays = new Set<Relay>()
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
    for (const one of relays) one.end(closeCode.goingAway, '')
  })

  const accept = (reply: FastifyReply, passage: Passage, taken: Taken) => {
    const { service, place, protocol } = taken
    const { raw } = reply.request
    const { socket } = raw
    reply.hijack()
    noteWebSocket(reply)
    reply.raw.detachSocket(socket)
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: Math.max(passage.route.bodyLimitBytes, 1),
      allowSynchronousEvents: MANY_AT_ONCE,
      handleProtocols: () => protocol ?? false
    })
    let link: Relay | null = null
    server.handleUpgrade(raw, socket, release(raw), (client) => {
      client.pause()
      const unwatch = options.lifetimes.watch(passage.token, (why) =>
        opened.end(closeCode.unauthorized, why)
      )
      const ofClient = { webSocket: client, connection: socket }
      const opened = relay(ofClient, service, {
        idleMs: passage.route.idleSeconds * 1000,
        noteFault: options.noteFault,
        account: () => options.messages.account(passage.caller),
        onEnd() {
          unwatch()
          relays.delete(opened)
          reply.request.trail.end()
          place.leave()
        }
      })
      relays.add(opened)
      link = opened
      // This WebSocket was being opened while the others were closed.
      if (isClosing) opened.end(closeCode.goingAway, '')
    })
    if (link !== null) return
    // The client has disconnected or has closed its half, so there is no WebSocket. Only this code
    // closes the connection to the service.
    service.webSocket.terminate()
    place.leave()
    reply.request.trail.end()
  }

  return (reply, passage) => {
    // The client disconnected while the stages waited. A place taken now would never be released.
    if (isGone(reply.raw)) return
    const place = options.upstreams.take(passage.route.upstream, passage.caller)
    if (place instanceof Refusal) {
      reply.send(place)
      return
    }
    noteAsked(reply.request.trail, place.address)
    open(reply, passage, place, {
      lifetimes: options.lifetimes,
      noteFault: options.noteFault,
      table: options.table,
      answerMs: (passage.route.answerSeconds ?? 0) * 1000 || options.answerMs,
      onOpen: (service, protocol) => accept(reply, passage, { service, place, protocol })
    })
  }
}

/** A service that has accepted, the place that it uses, and the subprotocol for the client. */
type Taken = {
  readonly service: Side
  readonly place: Place
  readonly protocol: string | null
}

type Opening = Pick<WebSocketOptions, 'lifetimes' | 'noteFault' | 'table'> & {
  readonly answerMs: number
  readonly onOpen: (service: Side, protocol: string | null) => void
}

/** Asks the service. The result is an open WebSocket, the service's refusal, or ours. */
function open(reply: FastifyReply, passage: Passage, place: Place, opening: Opening): void {
  let service: WebSocket | null = null
  let settled = false
  const letGo = () => {
    settled = true
    service?.terminate()
    place.leave()
  }
  const guarded = guard({
    place: 'websocket',
    noteFault: opening.noteFault,
    end() {
      letGo()
      reply.request.raw.socket.destroy()
    }
  })
  reply.raw.once('close', letGo)

  guarded(() => {
    const asked = askService(passage, place)
    const protocolOf = chosenProtocol(asked, passage.websocket)
    const connectionOf = upgradedConnection(asked)
    service = asked
    const late = setTimeout(
      guarded(() => {
        settle()
        asked.terminate()
        reply.send(upstreamTimeout(new Error('no complete response to the upgrade')))
      }),
      opening.answerMs
    ).unref()
    reply.raw.once('close', () => clearTimeout(late))
    const settle = (): void => {
      settled = true
      clearTimeout(late)
    }
    // First, because 'error' can be emitted after the exchange is released.
    asked.on(
      'error',
      guarded((error: Error) => {
        if (settled) return
        settle()
        // An error without a code is not one of the connection. A client can provoke it with a
        // subprotocol that the service does not speak.
        if ('code' in error && !isShortage(error)) place.failed()
        reply.send(refusalOf(error))
      })
    )
    asked.on(
      'open',
      guarded(() => {
        settle()
        asked.pause()
        reply.raw.off('close', letGo)
        place.answered()
        noteAnswered(reply.request.trail)
        opening.onOpen({ webSocket: asked, connection: connectionOf() }, protocolOf())
      })
    )
    asked.on(
      'unexpected-response',
      guarded((_request: unknown, answer: IncomingMessage) => {
        settle()
        place.answered()
        noteAnswered(reply.request.trail)
        passRefusal(reply, answer, passage, { ...opening, address: place.address })
      })
    )
  })()
}
