import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import type { Place } from '../forwarding/capacity/upstreams.ts'
import { NotAResponse } from '../forwarding/faults/upstream-faults.ts'
import { forwardedPath } from '../forwarding/request/forwarded-path.ts'
import { MOST_HINTS } from '../forwarding/response/early-hints.ts'
import type { Handshake } from '../request/handshake.ts'
import type { Passage } from '../request/passage.ts'
import { LARGEST_RESPONSE_HEADER_BYTES } from '../routes/entry/route.ts'

/** the largest message of a service; messages of a client have the route's body limit */
const LONGEST_MESSAGE_BYTES = 16 * 1024 * 1024

/**
 * Whether all messages of one packet are relayed in one turn of the event loop. 64 KiB can contain
 * 30,000 messages, and other connections would wait.
 */
export const MANY_AT_ONCE = false

/**
 * Asks a service to accept an upgrade. The caller limits how long it takes: the time-out of `ws`
 * starts again with every byte.
 */
export function askService({ headers, websocket, ...passage }: Passage, { address }: Place) {
  const { tls } = passage.route.upstream
  const url = `${address.replace(/^http/, 'ws')}${forwardedPath(passage)}`
  return new WebSocket(url, [...(websocket?.protocols ?? [])], {
    headers,
    perMessageDeflate: false,
    maxHeaderSize: LARGEST_RESPONSE_HEADER_BYTES,
    allowSynchronousEvents: MANY_AT_ONCE,
    maxPayload: LONGEST_MESSAGE_BYTES,
    finishRequest: limitHints,
    ...tls?.options
  })
}

/** Sends the request for an upgrade, and ends it if its service sends hints without end. */
function limitHints(request: ClientRequest): void {
  let hints = 0
  request.on('information', () => {
    hints += 1
    if (hints > MOST_HINTS) request.destroy(new NotAResponse('too many informational responses'))
  })
  request.end()
}

/** The connection of a WebSocket that has opened. */
export function upgradedConnection(asked: WebSocket): () => Socket {
  let connection: Socket
  asked.on('upgrade', ({ socket }: IncomingMessage) => {
    connection = socket
  })
  return () => connection
}

/**
 * The subprotocol for the client: the one that the service selects, or a subprotocol of the
 * gateway's own that the client has offered. Without one of these, `ws` treats a service that
 * selects none of the offered subprotocols as a fault.
 */
export function chosenProtocol(asked: WebSocket, handshake: Handshake | null): () => string | null {
  const { protocols = [], ownProtocol = null } = handshake ?? {}
  let serviceChose = true
  asked.on('upgrade', ({ headers }: IncomingMessage) => {
    const [offered] = protocols
    if (headers['sec-websocket-protocol'] !== undefined || ownProtocol === null) return
    serviceChose = false
    // `ws` compares it with the offers after this event.
    if (offered !== undefined) headers['sec-websocket-protocol'] = offered
  })
  return () => (serviceChose && asked.protocol !== '' ? asked.protocol : ownProtocol)
}
