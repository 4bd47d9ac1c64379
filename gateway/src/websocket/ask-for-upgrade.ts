import type { IncomingMessage } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { WebSocket } from 'ws'
import type { Place } from '../forwarding/capacity/upstreams.ts'
import { guard, type NoteFault } from '../forwarding/faults/guard.ts'
import { isShortage, refusalOf } from '../forwarding/faults/upstream-faults.ts'
import type { Lifetimes } from '../forwarding/lifetimes.ts'
import { upstreamTimeout } from '../refusals.ts'
import type { Passage } from '../request/passage.ts'
import type { RouteTable } from '../routes/table/route-table.ts'
import { noteAnswered } from '../telemetry/trail.ts'
import type { Side } from './arriving-bytes.ts'
import { askService, chosenProtocol, upgradedConnection } from './ask-service.ts'
import { passRefusal } from './pass-refusal.ts'

export type UpgradePorts = {
  readonly lifetimes: Lifetimes
  readonly noteFault: NoteFault
  readonly table: () => RouteTable
}

/** A client's upgrade, for which the service is asked. */
export type Upgrade = {
  readonly reply: FastifyReply
  readonly passage: Passage
  /** the place that it uses, which belongs to the WebSocket once that is open */
  readonly place: Place
}

/** Takes an open WebSocket to the service, and the subprotocol for the client. */
type OnOpen = (service: Side, protocol: string | null) => void

/** An upgrade and its state so far. */
type PendingUpgrade = Upgrade & {
  readonly ports: UpgradePorts
  /** null: the service is not asked yet */
  socket: WebSocket | null
  /** whether the service has accepted or refused, or failed, or the client has gone */
  isSettled: boolean
  /** ends the wait for a service that is too slow */
  late: NodeJS.Timeout | undefined
  readonly letGo: () => void
}

/**
 * Asks the service to accept an upgrade. The result is an open WebSocket to the service, the
 * service's refusal, or ours.
 * @param ms how long it may take
 */
export function askForUpgrade(
  upgrade: Upgrade,
  ms: number,
  ports: UpgradePorts,
  onOpen: OnOpen
): void {
  const { reply, passage, place } = upgrade
  const letGo = (): void => {
    asked.isSettled = true
    asked.socket?.terminate()
    place.leave()
  }
  const asked: PendingUpgrade = {
    ...upgrade,
    ports,
    socket: null,
    isSettled: false,
    late: undefined,
    letGo
  }
  const guarded = guard({
    place: 'websocket',
    noteFault: ports.noteFault,
    end() {
      letGo()
      reply.request.raw.socket.destroy()
    }
  })
  reply.raw.once('close', letGo)
  guarded(() => {
    const socket = askService(passage, place)
    const protocolOf = chosenProtocol(socket, passage.websocket)
    const connectionOf = upgradedConnection(socket)
    asked.socket = socket
    asked.late = setTimeout(
      guarded(() => giveUp(asked, socket)),
      ms
    ).unref()
    reply.raw.once('close', () => clearTimeout(asked.late))
    // First, because 'error' can be emitted after the exchange is released.
    const onError = guarded((error: Error) => refuse(asked, error))
    const onAccepted = guarded(() => {
      noteAccepted(asked, socket)
      onOpen({ webSocket: socket, connection: connectionOf() }, protocolOf())
    })
    const onRefused = guarded((_request: unknown, response: IncomingMessage) =>
      passOn(asked, response)
    )
    socket.on('error', onError).on('open', onAccepted).on('unexpected-response', onRefused)
  })()
}

function settle(asked: PendingUpgrade): void {
  asked.isSettled = true
  clearTimeout(asked.late)
}

/** The whole response has not arrived in time. */
function giveUp(asked: PendingUpgrade, socket: WebSocket): void {
  settle(asked)
  socket.terminate()
  asked.reply.send(upstreamTimeout(new Error('no complete response to the upgrade')))
}

/** The service could not be reached, or has failed. */
function refuse(asked: PendingUpgrade, error: Error): void {
  if (asked.isSettled) return
  settle(asked)
  // An error without a code is not one of the connection. A client can provoke it with a
  // subprotocol that the service does not speak.
  if ('code' in error && !isShortage(error)) asked.place.failed()
  asked.reply.send(refusalOf(error))
}

/** The service has accepted. */
function noteAccepted(asked: PendingUpgrade, socket: WebSocket): void {
  settle(asked)
  socket.pause()
  asked.reply.raw.off('close', asked.letGo)
  noteResponse(asked)
}

/** The service has refused, and its client gets that response. */
function passOn(asked: PendingUpgrade, response: IncomingMessage): void {
  const { reply, passage, place, ports } = asked
  settle(asked)
  noteResponse(asked)
  passRefusal(reply, response, passage, { ...ports, address: place.address })
}

function noteResponse({ place, reply }: PendingUpgrade): void {
  place.answered()
  noteAnswered(reply.request.trail)
}
