import type { IncomingMessage } from 'node:http'
import { isGone } from '@gatehouse/http-service/http-two'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Upstreams } from '../forwarding/capacity/upstreams.ts'
import type { Passage } from '../request/passage.ts'
import { noteWebSocket } from '../telemetry/served.ts'
import { noteAsked } from '../telemetry/trail.ts'
import type { Side } from './arriving-bytes.ts'
import { askForUpgrade, type Upgrade, type UpgradePorts } from './ask-for-upgrade.ts'
import { MANY_AT_ONCE } from './ask-service.ts'
import { closeCode } from './close-codes.ts'
import type { MessageMemory } from './message-memory.ts'
import { type Relay, relay } from './relay.ts'
import { type ReleaseUpgrade, takeUpgrades } from './upgrades.ts'

type WebSocketPorts = UpgradePorts & {
  readonly upstreams: Upstreams
  readonly messages: MessageMemory
  /** how long a service may take to accept the upgrade, if the route sets no time */
  readonly responseMs: number
}

/** Handles a request that the journey has accepted as an upgrade. */
type PassWebSocket = (reply: FastifyReply, passage: Passage) => void

/** The open WebSockets, and what is needed to open another one. */
type OpenWebSockets = {
  readonly ports: WebSocketPorts
  readonly release: ReleaseUpgrade
  readonly relays: Set<Relay>
  isClosing: boolean
}

/**
 * WebSockets through the gateway. The client's upgrade is accepted only after the service has
 * accepted its own. A refusal of the service is passed on. Each WebSocket ends with the token that
 * opened it.
 */
export function webSockets(app: FastifyInstance, ports: WebSocketPorts): PassWebSocket {
  const release = takeUpgrades(app, ports.noteFault)
  const open: OpenWebSockets = { ports, release, relays: new Set(), isClosing: false }
  app.addHook('preClose', async () => {
    open.isClosing = true
    for (const one of open.relays) one.end(closeCode.goingAway, '')
  })
  return (reply, passage) => {
    // The client disconnected while the stages waited. A place taken now would never be released.
    if (isGone(reply.raw)) return
    const { route, caller } = passage
    const place = ports.upstreams.take(route.upstream, caller)
    if (place instanceof Refusal) {
      reply.send(place)
      return
    }
    noteAsked(reply.request.trail, place.address)
    const upgrade = { reply, passage, place }
    const ms = (route.answerSeconds ?? 0) * 1000 || ports.responseMs
    askForUpgrade(upgrade, ms, ports, (service, protocol) =>
      acceptClient(open, upgrade, service, protocol)
    )
  }
}

/** Accepts the client's upgrade, now that the service has accepted its own. */
function acceptClient(
  open: OpenWebSockets,
  upgrade: Upgrade,
  service: Side,
  protocol: string | null
): void {
  const { reply, passage, place } = upgrade
  const { raw } = reply.request
  const { socket } = raw
  reply.hijack()
  noteWebSocket(reply)
  reply.raw.detachSocket(socket)
  let isOpen = false
  openClient(raw, open.release(raw), { passage, protocol }, (client) => {
    isOpen = true
    passBetween(open, upgrade, { webSocket: client, connection: socket }, service)
  })
  if (isOpen) return
  // The client has disconnected or has closed its half, so there is no WebSocket. Only this code
  // closes the connection to the service.
  service.webSocket.terminate()
  place.leave()
  reply.request.trail.end()
}

/** @param head what the client has sent after its upgrade */
function openClient(
  raw: IncomingMessage,
  head: Buffer,
  { passage, protocol }: { passage: Passage; protocol: string | null },
  onOpen: (client: WebSocket) => void
): void {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: Math.max(passage.route.bodyLimitBytes, 1),
    allowSynchronousEvents: MANY_AT_ONCE,
    handleProtocols: () => protocol ?? false
  })
  server.handleUpgrade(raw, raw.socket, head, onOpen)
}

/** Relays between the two sides, until one of them closes or the token ends. */
function passBetween(
  { ports, relays, isClosing }: OpenWebSockets,
  { reply, passage, place }: Upgrade,
  client: Side,
  service: Side
): void {
  client.webSocket.pause()
  const unwatch = ports.lifetimes.watch(passage.token, (why) =>
    opened.end(closeCode.unauthorized, why)
  )
  const opened = relay(client, service, {
    idleMs: passage.route.idleSeconds * 1000,
    noteFault: ports.noteFault,
    caller: passage.caller,
    account: () => ports.messages.account(passage.caller),
    onEnd() {
      unwatch()
      relays.delete(opened)
      reply.request.trail.end()
      place.leave()
    }
  })
  relays.add(opened)
  // This WebSocket was being opened while the others were closed.
  if (isClosing) opened.end(closeCode.goingAway, '')
}
